"""`kqml serve` as processes: start, answers, a new model, refusals, an orderly end."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys

import httpx
import pytest
from service_process import log_lines, start_service, wait_for

from kqml.errors import CouldNot
from models.churn.bundle import load_bundle
from models.registry.client import RegistryClient
from models.registry.served_pointer import ServedPointer, write_pointer
from serve.security.encryption import make_secret_key, read_cipher
from serve.security.sessions import SessionLimits
from serve.security.startup_checks import SecurityOptions
from serve.watcher import follow_registry
from serve.workers import ServeOptions, serve

ORDERS = [{"occurred_at": f"2023-01-{day:02}T00:00:00Z", "kind": "order", "amount": 9} for day in range(1, 11)]
ASKED = {"as_of": "2023-01-12T00:00:00Z", "accounts": [{"account_id": "a", "events": ORDERS}]}


@pytest.fixture
def home(company, tmp_path):
    """A home whose service was told to serve version 1."""
    for bundle in company.bundles:
        shutil.copytree(bundle, tmp_path / "served" / bundle.name)
    point_to(tmp_path, company.bundles[0], "1")
    return tmp_path


def point_to(home, bundle, version):
    fingerprint = load_bundle(bundle).fingerprint
    write_pointer(home / "served" / "current.json", ServedPointer(version, bundle.name, "B", "", fingerprint))


@pytest.mark.slow
def test_two_workers_answer_follow_the_pointer_count_together_and_stop(home, company):
    process, url = start_service(home, "--open", "--workers", "2")
    try:
        wait_for(f"{url}/readyz", lambda answer: answer.status_code == 200)
        answers = [httpx.post(f"{url}/v1/scores", json=ASKED) for _ in range(20)]
        assert {answer.status_code for answer in answers} == {200}
        assert "server" not in answers[0].headers
        told = httpx.get(f"{url}/metrics").text
        assert 'kqml_http_requests_total{method="POST",route="/v1/scores",status="200"} 20.0' in told
        point_to(home, company.bundles[1], "2")
        wait_for(f"{url}/v1/model", lambda answer: answer.json()["version"] == "2")
    finally:
        process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=30) == 0
    assert {line["level"] for line in log_lines(home)} <= {"info", "warning"}


def test_a_port_that_is_taken_is_said_with_exit_code_3(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        guarded = SecurityOptions(open=True, tls=False, limits=SessionLimits(1, 1)), read_cipher(make_secret_key())
        options = ServeOptions(tmp_path / "current.json", "sqlite:///none.db", "127.0.0.1", port, 1, "zh", 1, *guarded)
        with pytest.raises(CouldNot, match=r"The service cannot listen(.|\n)*--port") as refused:
            serve(options)
    assert refused.value.exit_code == 3


def test_without_a_key_or_a_user_it_does_not_start(tmp_path):
    words = [sys.executable, "-m", "kqml", "serve", "--port", "0"]
    ended = subprocess.run(
        words, env={**os.environ, "KQML_HOME": str(tmp_path)}, cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 1
    assert "The service has no API keys and no users." in ended.stderr


def test_the_watcher_says_once_that_the_registry_stopped_answering_and_once_that_it_is_back(
    monkeypatch, capfd, tmp_path
):
    def watched(registry, served, stop, seconds, report):
        for fault in (None, CouldNot("No registry."), CouldNot("No registry."), None, None):
            report(fault)

    monkeypatch.setattr("serve.watcher.watch", watched)
    before = signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)
    follow_registry(RegistryClient("sqlite:///none.db", tmp_path), tmp_path)
    signal.signal(signal.SIGTERM, before[0])
    signal.signal(signal.SIGINT, before[1])
    said = [json.loads(line)["event"] for line in capfd.readouterr().err.splitlines()]
    assert said == ["registry_not_followed", "registry_followed_again"]


def test_workers_import_neither_mlflow_nor_what_migrates():
    code = "import sys, serve.workers; sys.exit('mlflow' in sys.modules or 'alembic' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
