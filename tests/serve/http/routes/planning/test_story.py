"""A week as a CRM sees it, through a client generated from the OpenAPI document."""

import json
import subprocess
import threading
import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
import uvicorn
from conftest import require
from generated_clients import PYTHON, are_installed, generate_python
from open_access import OpenAccess
from service_around import service_around
from sqlalchemy import select
from webhook_receiver import *  # noqa: F403

from kqml.calendar.business_time import DAY_US
from kqml.duties import week
from serve.database.dataset_import import load_dataset
from serve.database.tables import EVENTS
from serve.logs import build_logger
from serve.running_week import RunningWeek
from serve.server import create_app
from serve.usecases.served_model import ServedModel
from serve.webhooks.addresses import AllowedNetworks
from serve.webhooks.dispatcher import Dispatcher
from serve.webhooks.message_types import MessageKind
from serve.webhooks.records import NewWebhook, add_webhook
from serve.webhooks.sending import WebhookSender

DRIVER = Path(__file__).parents[3] / "clients" / "driver.py"
WEEK, REP = "2023-W09", "R0001-00"
MONDAY = week(WEEK).instants("Asia/Shanghai")[0]
HOUR = 3_600_000_000
VISITS = ("visit", "two_visits", "help_offer")


class Clock:
    """Runs from an instant that the test sets."""

    def __init__(self, instant: int) -> None:
        self.instant = instant
        self.began = time.monotonic_ns()

    def set(self, instant: int) -> None:
        self.instant, self.began = instant, time.monotonic_ns()

    def __call__(self) -> int:
        return self.instant + (time.monotonic_ns() - self.began) // 1_000


class Crm:
    """A CRM that talks to the service through the generated client."""

    def __init__(self, url: str, folder: Path) -> None:
        self._process = subprocess.Popen(
            [PYTHON, DRIVER, url, "open"],
            cwd=folder,
            env={"PYTHONPATH": str(folder)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __call__(self, tag: str, operation: str, *path: str, body: object = None, **params: object) -> dict:
        request = {"tag": tag, "operation": operation, "path": path, "params": params, "body": body}
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        answer = json.loads(self._process.stdout.readline())
        assert answer["status"] in (200, 201), answer
        return answer["content"]

    def next_action(self, account: str, **body: object) -> dict:
        accounts = [{"account_id": account} if isinstance(account, str) else account]
        content = self(
            "recommendations", "recommend_next_actions", body={"accounts": accounts, "language": "en", **body}
        )
        return content["next_actions"][0]

    def close(self) -> None:
        self._process.communicate(timeout=30)


def moment(instant: int) -> str:
    return datetime.fromtimestamp(instant / 1e6, UTC).isoformat()


@pytest.fixture
def now() -> Clock:
    return Clock(MONDAY + 9 * HOUR)


@pytest.fixture
def address(database, company, published, logged, now, body_limit, receiver):
    """The address of a service with all its threads and a webhook."""
    load_dataset(database, company.dataset, MONDAY - 1, NoVault())
    log = build_logger(logged)
    served = ServedModel(published.pointer, published.load, log)
    service = service_around(served, database, OpenAccess(), now, body_limit)
    with database.writing() as connection:
        add_webhook(
            connection, service.cipher, NewWebhook(receiver.url, frozenset([MessageKind.PLAN_CHANGED]), "test"), now()
        )
    reach = AllowedNetworks(loopback=True)
    threads = [
        Dispatcher(database, service.cipher, WebhookSender(reach), now, log),
        RunningWeek(database, served, service.playbook, now, log),
    ]
    app = create_app(replace(service, background_tasks=threads), log)
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_config=None))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    thread.join(timeout=30)


class NoVault:
    """Contacts stay out of it."""

    def seal(self, connection, people):
        return people


@pytest.fixture
def crm(address, client, tmp_path):
    require("clients", are_installed(), "run `make clients`")
    document = tmp_path / "openapi.json"
    document.write_bytes(client.get("/openapi.json").content)
    generate_python(document, tmp_path / "kqml_generated")
    crm = Crm(address, tmp_path)
    yield crm
    crm.close()


def wait_until(wanted, seconds=20):
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if wanted():
            return
        time.sleep(0.05)
    pytest.fail("what was waited for did not come")


@pytest.mark.slow
def test_a_complaint_on_wednesday_is_visited_reported_and_answered_by_thursday(crm, now, database, receiver):
    plan = crm("recommendations", "recommend_actions", body={"rep_id": REP, "language": "en"})
    account = next(row["account_id"] for row in plan["decisions"] if row["assigned"] == "wait" and not row["must"])
    assert crm.next_action(account)["because"]["code"] == "planned_wait"

    now.set(MONDAY + 2 * DAY_US + 10 * HOUR)
    complaint = {"event_id": "c-1", "account_id": account, "occurred_at": moment(now() - HOUR), "kind": "complaint"}
    crm("events", "take_events", body={"events": [complaint]})
    sent = time.monotonic()
    wait_until(lambda: any(message["data"]["account_id"] == account for message in receiver.summary()))
    assert time.monotonic() - sent < 10

    action = crm.next_action(account)
    assert (action["action"] in VISITS, action["because"]["code"]) == (True, "must")
    assert action["urgency"] in ("today", "this_week")
    assert any("omplaint" in sentence for sentence in action["brief"]["open"])
    decision = action["decision"]["decision_id"]
    assert decision in {message["data"]["decision_id"] for message in receiver.summary()}

    crm("decisions", "take_status", decision, body={"state": "accepted"})
    now.set(MONDAY + 2 * DAY_US + 15 * HOUR)
    report = {"minutes": 25.0, "business": {"summary": "Credited the damaged boxes", "agreement": "weekly check"}}
    crm("decisions", "take_status", decision, body={"state": "done", "report": report})
    resolved = {**complaint, "event_id": "r-1", "kind": "complaint_resolved", "ref": "c-1"}
    crm("events", "take_events", body={"events": [{**resolved, "occurred_at": moment(now())}]})
    visits = events_of(database, account, "visit", MONDAY)
    assert [visit["minutes"] for visit in visits] == [25.0]

    now.set(MONDAY + 3 * DAY_US + 9 * HOUR)
    thursday = crm.next_action(account)
    assert (thursday["action"], thursday["because"]["code"]) == ("wait", "carried_out")
    assert [note["business"]["summary"] for note in thursday["notes"]] == ["Credited the damaged boxes"]
    assert len(events_of(database, account, "visit", MONDAY)) == 1


def events_of(database, account, kind, since):
    with database.reading() as connection:
        request = select(EVENTS).where(EVENTS.c.account_id == account, EVENTS.c.kind == kind)
        return list(connection.execute(request.where(EVENTS.c.occurred_at >= since)).mappings())


@pytest.mark.slow
def test_the_same_complaint_is_answered_without_the_database(crm, now, company):
    now.set(MONDAY + 2 * DAY_US + 10 * HOUR)
    order = {"kind": "order", "amount": 900.0}
    orders = [{**order, "occurred_at": moment(MONDAY - days * DAY_US)} for days in range(7, 300, 14)]
    complaint = {"event_id": "c-1", "occurred_at": moment(now() - HOUR), "kind": "complaint"}
    visit = {"event_id": "v-1", "occurred_at": moment(now() + 4 * HOUR), "kind": "visit", "minutes": 25.0}
    resolved = {"event_id": "r-1", "occurred_at": moment(now() + 5 * HOUR), "kind": "complaint_resolved", "ref": "c-1"}
    profile = {"tier": "A", "owner_rep_id": "R-1"}

    def ask(*events):
        return crm.next_action({"account_id": "S-1", "account": profile, "events": [*orders, *events]})

    wednesday = ask(complaint)
    assert (wednesday["action"] in VISITS, wednesday["because"]["code"], wednesday["rep"]) == (True, "must", None)
    assert any("omplaint" in sentence for sentence in wednesday["brief"]["open"])
    now.set(MONDAY + 3 * DAY_US + 9 * HOUR)
    thursday = ask(complaint, visit, resolved)
    assert not any("omplaint" in sentence for sentence in (thursday["brief"] or {"open": []})["open"])
    assert thursday["because"]["code"] != "must"
