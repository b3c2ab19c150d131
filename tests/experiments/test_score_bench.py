"""The score benchmark: its load, its questions, its parts."""

import shutil
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import orjson
import pytest
from small_company import make_small_company

from experiments.bench import in_process, load
from experiments.bench.score_requests import make_score_requests, rows_of, understood
from models.churn.bundle import load_bundle
from models.churn.scoring import create_scorer
from serve.usecases.scoring_model import BundleScoring

BODIES = [b'{"turn": 0}', b'{"turn": 1}', b'{"turn": 2}']


class Echo(BaseHTTPRequestHandler):
    """Refuses turn 2; remembers what it was sent."""

    protocol_version = "HTTP/1.1"
    seen: list

    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        self.seen.append((self.headers["content-type"], body))
        self.send_response(400 if b"2" in body else 200)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *words):
        pass


@pytest.fixture
def echo():
    Echo.seen = []
    with ThreadingHTTPServer(("127.0.0.1", 0), Echo) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()
        thread.join()


@pytest.mark.parametrize("program", ["wrk", "httpx"])
def test_load_is_measured_with_every_body_in_turn(echo, program, monkeypatch):
    if program == "wrk" and not shutil.which("wrk"):
        pytest.skip("Debian's wrk is not installed")
    monkeypatch.setattr("experiments.bench.load.shutil.which", lambda name: program == "wrk" or None)
    measured = load.measure_load(echo, BODIES, clients=2, seconds=1)
    assert measured.by == program
    assert set(Echo.seen) == {("application/json", body) for body in BODIES}
    assert measured.requests_per_s > 20
    assert 0 < measured.p50_ms <= measured.p99_ms
    assert measured.failed >= measured.requests_per_s * 0.25


def test_a_load_of_bodies_sends_each_of_them_once(echo):
    bodies = [orjson.dumps({"turn": number}) for number in range(50)]
    measured = load.measure_once(echo, bodies, clients=4)
    assert sorted(body for _, body in Echo.seen) == sorted(bodies)
    assert measured.failed == sum(b"2" in body for body in bodies)
    assert 0 < measured.p50_ms <= measured.p99_ms


@pytest.fixture(scope="module")
def company(tmp_path_factory):
    return make_small_company(tmp_path_factory.mktemp("company"))


@pytest.fixture(scope="module")
def scoring(company):
    return BundleScoring(create_scorer(load_bundle(company.bundles[0])))


def test_rows_for_mlflow_hold_the_numbers_that_we_compute_from_the_history(company, scoring):
    questions = make_score_requests(company.dataset, scoring, count=5, events=40, reasons=3)
    model = scoring.scorer.bundle.model
    assert len(questions.rows) == len(questions.histories) == 5
    for history, row in zip(questions.histories, questions.rows, strict=True):
        split = orjson.loads(row)["dataframe_split"]
        assert split["columns"] == list(model.columns)
        values = rows_of(scoring.scorer, understood(scoring, history))[0]
        numbers = np.array(
            [np.nan if cell is None else cell for cell in split["data"][0][: len(model.numeric_columns)]]
        )
        np.testing.assert_array_equal(numbers, values[: len(numbers)])
        assert len(orjson.loads(history)["accounts"][0]["events"]) == 40


def test_every_part_of_a_score_takes_time(company, scoring, monkeypatch):
    monkeypatch.setattr("experiments.bench.in_process.TURNS", 5)
    questions = make_score_requests(company.dataset, scoring, count=2, events=40, reasons=3)
    parts = in_process.in_process(scoring, questions, 3)
    assert {"features_us", "predict_us", "reasons_us", "contributions_us", "score_us", "request_us"} == set(parts)
    assert all(0 < part < 1e6 for part in parts.values())
