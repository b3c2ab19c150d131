"""Events of the running week bring the actions that they require into it."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import func, select

from kqml.duties import week
from kqml.playbook import read_playbook
from models.churn.bundle import load_bundle
from models.churn.scoring import create_scorer
from serve.database.tables import OUTBOX, WEEK_UPDATES
from serve.usecases import update_running_week as module
from serve.usecases.planning_request import PlanningModel
from serve.usecases.recommend_actions import DecidedMeanwhile
from serve.usecases.update_running_week import UpdateRunningWeekRequest, update_running_week

WEEK = "2023-W09"
MONDAY = week(WEEK).instants("Asia/Shanghai")[0]
REP = "R0001-00"


@pytest.fixture
def request_of_update(company):
    scorer = create_scorer(load_bundle(company.bundles[0]))
    return UpdateRunningWeekRequest(read_playbook("pharmacy"), PlanningModel("1", scorer), "en")


def send(client, account, event_id, kind, at):
    occurred = datetime.fromtimestamp(at / 1e6, UTC).isoformat()
    event = {"event_id": event_id, "account_id": account, "occurred_at": occurred, "kind": kind}
    assert client.post("/v1/events", json={"events": [event]}).status_code == 200


def calm_account(client):
    answer = client.post("/v1/recommendations", json={"rep_id": REP, "language": "en"})
    rows = answer.json()["decisions"]
    return next(row for row in rows if row["assigned"] == "wait" and not row["must"])


def queued(database):
    with database.reading() as connection:
        return list(connection.execute(select(WEEK_UPDATES.c.account_id)).scalars())


def messages(database):
    with database.reading() as connection:
        return connection.execute(select(func.count()).select_from(OUTBOX)).scalar_one()


def test_a_complaint_brings_a_required_action_into_the_week(filled, database, now, request_of_update):
    row = calm_account(filled)
    before = messages(database)
    send(filled, row["account_id"], "c-1", "complaint", now[0] - 60_000_000)
    assert queued(database) == [row["account_id"]]
    now[0] += 1_000_000
    result = update_running_week(database, request_of_update, now[0])
    assert (result.accounts, result.added) == (1, 1)
    assert queued(database) == []
    assert messages(database) == before + 1
    plan = filled.get(f"/v1/reps/{REP}/plan", params={"week": WEEK}).json()["decisions"]
    mine = [one for one in plan if one["account_id"] == row["account_id"]]
    assert [one["assigned"] for one in mine if not one["must"]] == ["wait"]
    (required,) = [one for one in mine if one["must"]]
    assert required["assigned"] in ("visit", "call", "help_offer", "two_visits")
    assert any("omplaint" in sentence for sentence in required["brief"]["musts"])
    now[0] += 1_000_000
    assert update_running_week(database, request_of_update, now[0]).accounts == 0


def test_orders_and_visits_do_not_queue_the_account(filled, database, now):
    row = calm_account(filled)
    send(filled, row["account_id"], "o-1", "visit", now[0] - 60_000_000)
    assert queued(database) == []


def test_an_account_whose_week_is_not_planned_is_left_to_its_plan(filled, database, now, request_of_update):
    account = filled.get("/v1/accounts", params={"rep": REP, "limit": 1}).json()["accounts"][0]["account_id"]
    send(filled, account, "c-1", "complaint", now[0] - 60_000_000)
    now[0] += 1_000_000
    result = update_running_week(database, request_of_update, now[0])
    assert (result.accounts, result.added) == (1, 0)
    assert queued(database) == []


def test_what_fails_stays_queued(filled, database, now, request_of_update, monkeypatch):
    row = calm_account(filled)
    send(filled, row["account_id"], "c-1", "complaint", now[0] - 60_000_000)
    now[0] += 1_000_000

    def changed(*args, **more):
        raise DecidedMeanwhile

    monkeypatch.setattr(module, "commit_next_actions", changed)
    with pytest.raises(DecidedMeanwhile):
        update_running_week(database, request_of_update, now[0])
    assert queued(database) == [row["account_id"]]
