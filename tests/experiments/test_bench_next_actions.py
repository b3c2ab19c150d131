"""The benchmark of next actions in small."""

import argparse
import shutil
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from published_bundles import publish
from small_company import shared_small_company

from experiments.bench import next_actions
from kqml.errors import CouldNot
from models.registry.served_pointer import POINTER


class Peer(BaseHTTPRequestHandler):
    """Accepts every request."""

    protocol_version = "HTTP/1.1"

    def do_POST(self):
        self.rfile.read(int(self.headers["content-length"]))
        self.send_response(200)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *words):
        pass


@contextmanager
def peer(home, workers):
    with ThreadingHTTPServer(("127.0.0.1", 0), Peer) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.fixture
def home(tmp_path: Path) -> Path:
    company = shared_small_company()
    pointer = publish(company, 0)
    shutil.copytree(company.bundles[0], tmp_path / "served" / company.bundles[0].name)
    shutil.copy(pointer, tmp_path / "served" / POINTER)
    shutil.copytree(company.dataset.path, tmp_path / "data")
    return tmp_path


def measured(home, *words):
    parser = argparse.ArgumentParser()
    next_actions.describe(parser)
    return next_actions.run(parser.parse_args(["--databases", "sqlite", "--workers", "1", "--home", str(home), *words]))


@pytest.mark.slow
def test_next_actions_and_scores_are_measured_beside_mlflow_on_accounts_of_their_own(home, monkeypatch):
    monkeypatch.setattr(next_actions, "mlflow_service", peer)
    monkeypatch.setattr(next_actions, "WARMING", 2)
    result = measured(home, "--clients", "2", "--runs", "2", "--accounts", "4")
    loads = result["sqlite"]
    assert set(loads) == set(next_actions.SERVICES)
    assert all(load["failed"] == 0 and 0 < load["p50_ms"] <= load["p99_ms"] for load in loads.values())
    assert [line.split()[1] for line in next_actions.render(result)] == list(next_actions.SERVICES)
    with pytest.raises(CouldNot, match="too small"):
        measured(home, "--runs", "2", "--accounts", "100000")
