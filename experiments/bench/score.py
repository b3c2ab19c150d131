"""One score: its steps in process, then over HTTP compared with `mlflow models serve` given ready feature rows."""

import argparse
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx
import numpy as np
import orjson

from experiments.bench.in_process import in_process
from experiments.bench.load import Load, measure_load
from experiments.bench.score_requests import ScoreRequests, make_score_requests
from experiments.bench.servers import mlflow_service, our_service
from experiments.public_data import IOWA_STORES, import_public
from kqml.calendar.business_time import instant_of
from kqml.dataset.folder import read_dataset
from kqml.errors import CouldNot, Fault
from models.registry.served_pointer import POINTER
from serve.usecases.scoring_model import BundleScoring, load_live

ACCOUNTS = 64
"""Accounts that take turns, so that no branch or cache is tuned to one."""

WARM_SECONDS = 3.0


def describe(parser: argparse.ArgumentParser) -> None:
    """Add the number of requests, clients and seconds."""
    parser.add_argument("--events", type=int, default=200, help="events in a body")
    parser.add_argument("--reasons", type=int, default=3)
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--workers", type=int, default=2, help="of either service")
    parser.add_argument("--seconds", type=float, default=20, help="of load on either service")
    parser.add_argument("--home", type=Path, help="a home with `dataset` and a champion, instead of training one")


def run(args: argparse.Namespace) -> dict[str, Any]:
    """Train the Iowa model by the commands of the README unless a home is given, then measure."""
    with _home(args.home) as folder:
        home = Path(folder)
        if args.home is None:
            train_iowa(home)
        scoring = load_live(home / "served" / POINTER).score
        assert isinstance(scoring, BundleScoring)
        dataset = read_dataset(home / "dataset")
        questions = make_score_requests(dataset, scoring, ACCOUNTS, args.events, args.reasons)
        parts = in_process(scoring, questions, args.reasons)
        ours, theirs = over_http(home, questions, args)
    return {
        "parameters": {name: getattr(args, name) for name in ("events", "reasons", "clients", "workers", "seconds")},
        **parts,
        "requests_per_s": ours.requests_per_s,
        "p50_ms": ours.p50_ms,
        "p99_ms": ours.p99_ms,
        "mlflow_requests_per_s": theirs.requests_per_s,
        "mlflow_p50_ms": theirs.p50_ms,
        "mlflow_p99_ms": theirs.p99_ms,
        "ratio_mlflow": ours.requests_per_s / theirs.requests_per_s,
        "model": _size(scoring),
        "load": {"ours": asdict(ours), "mlflow": asdict(theirs)},
    }


def render(result: Mapping[str, Any]) -> Iterator[str]:
    """Return the steps of a score, then the two services."""
    for name in ("features_us", "predict_us", "reasons_us", "score_us", "request_us"):
        yield f"{name:14} {result[name]:8.0f}"
    for who, prefix in (("kqml serve", ""), ("mlflow models serve", "mlflow_")):
        per_s, p50, p99 = (result[f"{prefix}{name}"] for name in ("requests_per_s", "p50_ms", "p99_ms"))
        yield f"{who:20} {per_s:7.0f} requests/s, p50 {p50:.1f} ms, p99 {p99:.1f} ms"


def over_http(home: Path, questions: ScoreRequests, args: argparse.Namespace) -> tuple[Load, Load]:
    """Measure both services one after the other; first check that both give the same probabilities."""
    with our_service(home, args.workers) as url:
        text = [_ours(url, body) for body in questions.histories[:8]]
        ours = _loaded(f"{url}/v1/scores", questions.histories, args)
    with mlflow_service(home, args.workers) as url:
        theirs_said = [_theirs(url, body) for body in questions.rows[:8]]
        theirs = _loaded(f"{url}/invocations", questions.rows, args)
    if not np.allclose(text, theirs_said, rtol=1e-9, atol=0):
        fault = Fault("probabilities", f"{text} against {theirs_said}", "the two services must serve one model")
        raise CouldNot("The two services do not agree.", [fault])
    return ours, theirs


def _loaded(url: str, bodies: tuple[bytes, ...], args: argparse.Namespace) -> Load:
    measure_load(url, bodies, args.clients, WARM_SECONDS)
    load = measure_load(url, bodies, args.clients, args.seconds)
    if load.failed:
        raise CouldNot("Requests failed under load.", [Fault(url, f"{load.failed} failed", "read the service's log")])
    return load


def _ours(url: str, body: bytes) -> float:
    answer = _posted(f"{url}/v1/scores", body)
    return float(answer["scores"][0]["churn_probability"])


def _theirs(url: str, body: bytes) -> float:
    first = _posted(f"{url}/invocations", body)["predictions"][0]
    return float(first["churn_probability"] if isinstance(first, dict) else first)


def _posted(url: str, body: bytes) -> Any:
    answer = httpx.post(url, content=body, headers={"content-type": "application/json"}, timeout=60)
    return orjson.loads(answer.raise_for_status().content)


def _size(scoring: BundleScoring) -> dict[str, Any]:
    model = scoring.scorer.bundle.model
    return {"columns": len(model.columns), "trees": model.booster.num_trees(), "grade": model.grade}


def _home(given: Path | None) -> AbstractContextManager[str | Path]:
    return TemporaryDirectory(prefix="kqml-bench-") if given is None else nullcontext(given)


def train_iowa(home: Path) -> None:
    """Import the Iowa stores, train with default settings and promote the version."""
    import_public(IOWA_STORES, home / "dataset", instant_of(datetime.now(UTC)))
    for words in (["train", str(home / "dataset"), "--start", "2013-02-04"], ["promote", "1", "--why", "benchmark"]):
        ended = subprocess.run(
            [sys.executable, "-m", "kqml", *words],
            env={**os.environ, "KQML_HOME": str(home)},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
        if ended.returncode:
            raise CouldNot(f"kqml {words[0]} failed.", [Fault("kqml", ended.stderr.strip()[-500:], "run it by hand")])
