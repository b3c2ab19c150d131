"""The routes that say how the service is, the line each request leaves in the log."""

import asyncio
import threading
from types import SimpleNamespace

import orjson
import pytest
from sqlalchemy.exc import OperationalError

from serve.database.engine import Database
from serve.http import database_check
from serve.http.database_check import DatabaseCheck
from serve.logs import where_it_failed

HISTORY = {"account_id": "S-王小明", "events": [{"occurred_at": "2024-01-03T09:30:00Z", "kind": "order", "ref": "R-9"}]}


def requests_logged(running):
    lines = [orjson.loads(line) for line in running.lines().splitlines()]
    return [line for line in lines if line["event"] == "request"]


def test_the_model_shows_its_card(client):
    card = client.get("/v1/model").json()
    assert (card["version"], card["grade"], card["definition"]["horizon"]) == ("3", "A", 90)


def test_without_a_champion_only_the_process_is_healthy(run_app, published):
    published.pointer.unlink()
    client = run_app().client
    assert client.get("/healthz").json() == {"status": "ok"}
    for answer in (client.get("/readyz"), client.get("/v1/model"), client.post("/v1/scores", json={"accounts": []})):
        assert (answer.status_code, answer.json()["type"]) == (503, "urn:kqml:problem:no-model")
        assert answer.headers["content-type"] == "application/problem+json"
        assert "kqml promote" in answer.json()["detail"]


def test_ready_warns_while_the_published_model_cannot_be_loaded(running, published):
    assert running.client.get("/readyz").json() == {
        "status": "ready",
        "model": {"version": "3", "grade": "A"},
        "warnings": [],
    }
    published.publish("broken")
    running.served.look()
    answer = running.client.get("/readyz")
    assert answer.status_code == 200
    assert "Version 3 still answers, because The bundle is broken." in answer.json()["warnings"][0]
    assert "kqml_model_fault 1.0" in running.client.get("/metrics").text


def test_a_model_that_was_never_loaded_is_the_503s_reason(run_app, published):
    published.publish("broken")
    answer = run_app().client.get("/readyz")
    assert (answer.status_code, "The bundle is broken." in answer.json()["detail"]) == (503, True)


@pytest.mark.parametrize(
    ("given", "kept"),
    [("crm-42.a_B", True), ("x" * 64, True), ("x" * 65, False), ("a b", False), ("a\tb", False), ("", False)],
)
def test_a_safe_request_id_is_kept_another_replaced(client, given, kept):
    answer = client.get("/nowhere", headers={"x-request-id": given})
    assert (answer.headers["x-request-id"] == given) is kept
    assert answer.json()["request_id"] == answer.headers["x-request-id"]


def test_a_request_leaves_one_line_without_personal_data(running):
    running.client.post("/v1/scores?key=K-77", json={"accounts": [HISTORY]}, headers={"x-request-id": "r1"})
    running.client.post("/v1/scores", json={"accounts": [{**HISTORY, "account": {"name": "王家药店", "tier": 5}}]})
    running.client.get("/v1/nothing/S-王小明")
    scored, refused, lost = requests_logged(running)
    assert scored.pop("ms") >= 0
    assert scored.pop("timestamp")
    assert scored == {
        "event": "request",
        "level": "info",
        "request_id": "r1",
        "method": "POST",
        "route": "/v1/scores",
        "status": 200,
        "accounts": 1,
        "events": 1,
        "model": "3",
    }
    assert (refused["status"], lost["status"], lost["route"]) == (422, 404, "unmatched")
    assert not any(word in running.lines() for word in ("王", "K-77", "R-9", "testclient"))


def test_a_failure_of_ours_is_a_problem_with_its_place_in_the_log(running, published):
    published.model.fails = KeyError("王小明")
    answer = running.client.post("/v1/scores", json={"accounts": [HISTORY]})
    assert (answer.status_code, answer.json()["type"]) == (500, "urn:kqml:problem:internal")
    assert answer.headers["x-request-id"] == answer.json()["request_id"]
    assert answer.json()["request_id"] in running.lines()
    assert '"error":"KeyError"' in running.lines()
    assert "conftest.py" in running.lines()
    assert "王" not in running.lines() + answer.text


def test_metrics_count_requests_accounts_the_model(running):
    running.client.post("/v1/scores", json={"accounts": [HISTORY]})
    running.client.get("/nowhere/at/all")
    told = running.client.get("/metrics").text.splitlines()
    assert 'kqml_http_requests_total{method="POST",route="/v1/scores",status="200"} 1.0' in told
    assert 'kqml_http_requests_total{method="GET",route="unmatched",status="404"} 1.0' in told
    assert 'kqml_http_request_seconds_count{route="/v1/scores"} 1.0' in told
    assert "kqml_scored_accounts_total 1.0" in told
    assert 'kqml_model_info{grade="A",version="3"} 1.0' in told
    assert "kqml_model_fault 0.0" in told


def unreachable(*_):
    raise OperationalError("SELECT 1", {}, RuntimeError("connection refused"))


def test_not_ready_while_the_database_does_not_respond(running, monkeypatch):
    monkeypatch.setattr(Database, "reading", unreachable)
    answer = running.client.get("/readyz")
    assert (answer.status_code, answer.json()["type"]) == (503, "urn:kqml:problem:no-database")
    assert "OperationalError" in answer.json()["detail"]
    assert running.client.get("/healthz").status_code == 200


def test_not_ready_while_the_disk_is_full(running, monkeypatch):
    monkeypatch.setattr("shutil.disk_usage", lambda folder: SimpleNamespace(free=2**20))
    answer = running.client.get("/readyz")
    full = answer.status_code == 503 and "disk is full (1 MiB free)" in answer.json()["detail"]
    assert full is running.client.app.state.service.database.is_sqlite


def test_a_database_that_hangs_is_asked_once_and_not_waited_for(monkeypatch):
    asked, released = [], threading.Event()

    class Hanging:
        def reading(self):
            asked.append(1)
            released.wait(20)
            raise OperationalError("SELECT 1", {}, RuntimeError("late"))

    monkeypatch.setattr(database_check, "WAIT_SECONDS", 0.05)
    monkeypatch.setattr(database_check, "VALID_SECONDS", -1.0)

    async def ask():
        check = DatabaseCheck(Hanging())
        faults = [await check.fault() for _ in range(3)]
        released.set()
        return faults

    assert asyncio.run(ask()) == ["it does not respond within 0.05 seconds"] * 3
    assert asked == [1]


def test_the_log_names_the_drivers_reason_without_the_statement():
    line = where_it_failed(OperationalError("SELECT name", {"name": "Wang"}, RuntimeError("connection refused\nhint")))
    assert line["cause"] == "connection refused"
    assert "Wang" not in orjson.dumps(line).decode()
