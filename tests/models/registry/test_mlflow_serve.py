"""`mlflow models serve` on a registered version, really started, on this machine only."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import numpy as np
import pytest
from small_company import SmallCompany

from models.churn.bundle import load_bundle
from models.churn.scoring import create_scorer
from models.registry.client import RegistryClient

SECONDS_TO_START = 120


@pytest.fixture
def address(filled: RegistryClient) -> Iterator[str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "mlflow", "models", "serve", "--model-uri", "models:/kqml/1"]
    options = ["--env-manager", "local", "--host", "127.0.0.1", "--port", str(port), "--workers", "1"]
    environment = {**os.environ, "MLFLOW_TRACKING_URI": filled.uri, "MLFLOW_DISABLE_TELEMETRY": "true"}
    environment["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{environment['PATH']}"
    with subprocess.Popen([*command, *options], env=environment, start_new_session=True) as server:
        try:
            wait_for(f"http://127.0.0.1:{port}/ping", server)
            yield f"http://127.0.0.1:{port}"
        finally:
            os.killpg(server.pid, signal.SIGTERM)


def wait_for(url: str, server: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + SECONDS_TO_START
    while time.monotonic() < deadline and server.poll() is None:
        try:
            if httpx.get(url, timeout=2).status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.3)
    pytest.fail(f"mlflow models serve did not answer within {SECONDS_TO_START} s")


@pytest.mark.slow
def test_mlflow_serves_the_probabilities_of_the_model(address: str, company: SmallCompany) -> None:
    scorer = create_scorer(load_bundle(company.bundles[0]))
    model, asked = scorer.bundle.model, company.asked(company.cutoff)
    rows = [values for _, values in scorer.rows(asked, eligible(scorer, company))]
    values = np.concatenate(rows)
    words = list(model.categories.items())
    width = len(model.numeric_columns)
    data = [
        [None if np.isnan(number) else number for number in row[:width]]
        + [None if np.isnan(code) else known[int(code)] for (_, known), code in zip(words, row[width:], strict=True)]
        for row in values.tolist()
    ]
    body = {"dataframe_split": {"columns": list(model.columns), "data": data}}
    answer = httpx.post(f"{address}/invocations", json=body, timeout=60)
    assert answer.status_code == 200, answer.text
    told = [row["churn_probability"] if isinstance(row, dict) else row for row in answer.json()["predictions"]]
    assert np.array_equal(np.array(told), model.probability(values))


def eligible(scorer, company):
    from features.eligibility import eligible_rows

    asked = company.asked(company.cutoff)
    return eligible_rows(asked.log, asked.context, scorer.bundle.model.definition, np.array([asked.cutoff]))
