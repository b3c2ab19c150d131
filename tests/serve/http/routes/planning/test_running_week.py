"""Events of the running week bring the actions that they require into it."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from sqlalchemy import func, select

from kqml.calendar.business_time import DAY_US
from kqml.duties import week
from kqml.playbook import read_playbook
from models.churn.bundle import load_bundle
from models.churn.scoring import create_scorer
from serve.database.decision_logs import read_log
from serve.database.tables import OUTBOX, WEEK_UPDATES
from serve.security.contact_vault import BirthdayVault
from serve.usecases import update_running_week as module
from serve.usecases.planning_request import PlanningModel
from serve.usecases.queue_birthdays import queue_birthdays
from serve.usecases.recommend_actions import DecidedMeanwhile
from serve.usecases.update_running_week import UpdateRunningWeekRequest, update_running_week

WEEK = "2023-W09"
MONDAY = week(WEEK).instants("Asia/Shanghai")[0]
REP = "R0001-00"


@pytest.fixture
def request_of_update(company):
    scorer = create_scorer(load_bundle(company.bundles[0]))
    return UpdateRunningWeekRequest(read_playbook("pharmacy"), PlanningModel("1", scorer))


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
    plan = filled.get(f"/v1/reps/{REP}/plan", params={"week": WEEK, "language": "en"}).json()["decisions"]
    mine = [one for one in plan if one["account_id"] == row["account_id"]]
    assert [(one["assigned"], one["state"]) for one in mine if not one["must"]] == [("wait", "withdrawn")]
    (required,) = [one for one in mine if one["must"]]
    assert required["assigned"] in ("visit", "help_offer", "two_visits")
    assert "settle the complaint face to face; do not leave it to a call or a message" in required["brief"]["musts"]
    assert any("omplaint" in sentence for sentence in required["brief"]["musts"])
    now[0] += 1_000_000
    assert update_running_week(database, request_of_update, now[0]).accounts == 0


def plan_of(client):
    return client.get(f"/v1/reps/{REP}/plan", params={"week": WEEK}).json()["decisions"]


def log_of(database, now):
    with database.reading() as connection:
        return read_log(connection, read_playbook("pharmacy").action_names, now + 8 * DAY_US, 28).decisions


def test_required_actions_of_the_running_week_stay_out_of_learning(filled, database, now, request_of_update):
    row = calm_account(filled)
    monday = log_of(database, now[0])
    send(filled, row["account_id"], "c-1", "complaint", now[0] - 60_000_000)
    now[0] += 1_000_000
    assert update_running_week(database, request_of_update, now[0]).added == 1
    assert log_of(database, now[0]).equals(monday)
    assert len(monday)


def test_a_required_action_postpones_the_least_valuable_optional_ones(filled, database, now, request_of_update):
    row = calm_account(filled)
    cost = {rule.name: rule.minutes for rule in request_of_update.playbook.actions}
    planned = sum(cost[each["assigned"]] for each in plan_of(filled))
    optional = [each for each in plan_of(filled) if each["assigned"] != "wait" and not each["must"]]
    accepted = optional[0]["decision_id"]
    assert filled.post(f"/v1/decisions/{accepted}/status", json={"state": "accepted"}).status_code == 200
    assert filled.put(f"/v1/reps/{REP}", json={"minutes_per_week": planned}).status_code == 200
    send(filled, row["account_id"], "c-1", "complaint", now[0] - 60_000_000)
    now[0] += 1_000_000
    assert update_running_week(database, request_of_update, now[0]).added == 1

    plan = {each["decision_id"]: each for each in plan_of(filled)}
    active = [each for each in plan.values() if each["state"] != "withdrawn"]
    assert sum(cost[each["assigned"]] for each in active) <= planned
    assert plan[accepted]["state"] == "accepted"
    waits = [each for each in active if each["reason"] == "postponed"]
    assert waits
    for wait in waits:
        receipt = filled.get(f"/v1/decisions/{wait['decision_id']}").json()
        replaced = filled.get(f"/v1/decisions/{receipt['receipt']['replaces']}").json()
        assert (receipt["assigned"], receipt["probability"], receipt["evaluable"]) == ("wait", 1, False)
        assert (replaced["account_id"], replaced["must"]) == (wait["account_id"], False)
        assert [(each["state"], each["reason"]) for each in replaced["states"][1:]] == [("withdrawn", "no_room")]
        (cause,) = receipt["receipt"]["makes_room_for"]
        assert plan[cause]["account_id"] == row["account_id"]


def test_the_decisions_about_a_closed_account_are_withdrawn(filled, database, now, request_of_update):
    plan = filled.post("/v1/recommendations", json={"rep_id": REP}).json()["decisions"]
    row = next(each for each in plan if each["assigned"] != "wait")
    send(filled, row["account_id"], "x-1", "account_closed", now[0] - 60_000_000)
    now[0] += 1_000_000
    result = update_running_week(database, request_of_update, now[0])
    assert (result.accounts, result.added, result.withdrawn) == (1, 0, 1)
    receipt = filled.get(f"/v1/decisions/{row['decision_id']}").json()
    assert (receipt["states"][-1]["state"], receipt["states"][-1]["reason"]) == ("withdrawn", "account_closed")
    assert receipt["next"] == ["done", "outcome"]
    assert filled.post(f"/v1/decisions/{row['decision_id']}/status", json={"state": "accepted"}).status_code == 409


def test_an_account_opened_in_the_week_enters_it(filled, database, now, request_of_update):
    calm_account(filled)
    account = {"tier": "A", "segment": "pharmacy", "region": "east", "owner_rep_id": REP, "opened_on": "2023-03-01"}
    assert filled.put("/v1/accounts/new", json=account).status_code == 201
    assert queued(database) == ["new"]
    now[0] += 1_000_000
    assert update_running_week(database, request_of_update, now[0]).added == 1
    (row,) = [each for each in plan_of(filled) if each["account_id"] == "new"]
    assert row["policy"] == "kqml-next@2"


def test_an_account_that_moves_gets_a_decision_for_its_new_rep(filled, database, now, request_of_update):
    plan = filled.post("/v1/recommendations", json={"rep_id": REP, "language": "en"}).json()["decisions"]
    row = next(each for each in plan if each["tier"] == "A" and not each["must"])
    reps = {each["owner_rep_id"] for each in filled.get("/v1/accounts", params={"limit": 200}).json()["accounts"]}
    other = min(reps - {REP, None})
    assert filled.post("/v1/recommendations", json={"rep_id": other}).status_code == 200
    account = filled.get(f"/v1/accounts/{row['account_id']}").json()
    moved = {name: account[name] for name in ("name", "tier", "segment", "region", "opened_on", "status")}
    assert filled.put(f"/v1/accounts/{row['account_id']}", json={**moved, "owner_rep_id": other}).status_code == 200
    now[0] += 1_000_000
    assert update_running_week(database, request_of_update, now[0]).added == 1
    receipt = filled.get(f"/v1/decisions/{row['decision_id']}").json()
    assert [(each["state"], each["reason"]) for each in receipt["states"][1:]] == [("withdrawn", "rep_changed")]
    theirs = filled.get(f"/v1/reps/{other}/plan", params={"week": WEEK, "language": "en"}).json()["decisions"]
    (fresh,) = [each for each in theirs if each["account_id"] == row["account_id"]]
    assert filled.get(f"/v1/decisions/{fresh['decision_id']}").json()["evaluable"] is False
    assert (fresh["must"], fresh["assigned"]) == (True, "visit")
    assert "introduce yourself as the new contact; go through what is open" in fresh["brief"]["musts"]


@pytest.mark.parametrize(("birthday", "greeted"), [("03-03", True), ("02-28", False), ("03-06", False)])
def test_a_birthday_of_the_week_requires_a_greeting(filled, database, now, request_of_update, birthday, greeted):
    """The week ends on Sunday, 5 March."""
    row = calm_account(filled)
    vault = BirthdayVault(filled.app.state.service.cipher)
    person = {"account_id": row["account_id"], "name": "Wang", "birthday": birthday}
    assert filled.put("/v1/contacts/c-1", json=person).status_code == 200
    with database.writing() as connection:
        connection.execute(WEEK_UPDATES.delete())
    assert queue_birthdays(database, request_of_update.playbook, vault, now[0]) == int(greeted)
    now[0] += 1_000_000
    assert update_running_week(database, replace(request_of_update, vault=vault), now[0]).added == int(greeted)
    mine = [one for one in plan_of(filled) if one["account_id"] == row["account_id"] and one["must"]]
    assert [one["assigned"] for one in mine] == (["message"] if greeted else [])
    assert [one["brief"]["musts"] for one in mine] == ([[]] if greeted else [])  # briefs name no personal days


def test_a_new_birthday_queues_its_account(filled, database, now):
    row = calm_account(filled)
    person = {"account_id": row["account_id"], "role": "owner"}
    assert filled.put("/v1/contacts/c-1", json=person).status_code == 200
    assert queued(database) == []
    for _ in range(2):
        assert filled.put("/v1/contacts/c-1", json={**person, "birthday": "03-03"}).status_code == 200
    assert queued(database) == [row["account_id"]]


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
