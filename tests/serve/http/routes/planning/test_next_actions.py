"""`POST /v1/next-actions`: what to do about an account now."""

from dataclasses import replace
from datetime import UTC, datetime

import orjson
import pytest
from pydantic import TypeAdapter
from sqlalchemy import func, select

from kqml.calendar.business_time import DAY_US
from kqml.contract.histories import AccountToScore
from kqml.contract.next_actions import NextActions
from kqml.duties import week
from serve.database.tables import DECISIONS, OUTBOX
from serve.http.routes import next_actions as routes
from serve.security.objections_and_reviews import set_objection
from serve.usecases.recommend_next_actions import decide_next_actions

WEEK = "2023-W09"
MONDAY = week(WEEK).instants("Asia/Shanghai")[0]
REP = "R0001-00"
TALKS = ("visit", "call", "help_offer", "two_visits")


def moment(instant):
    return datetime.fromtimestamp(instant / 1e6, UTC).isoformat()


def ask(client, *ids, status=200, **body):
    accounts = [{"account_id": item} if isinstance(item, str) else item for item in ids]
    answer = client.post("/v1/next-actions", json={"accounts": accounts, "language": "en", **body})
    assert answer.status_code == status, answer.text
    if status == 200:
        TypeAdapter(NextActions).validate_python(answer.json(), strict=True)
        return answer.json()["next_actions"]
    return [(error["pointer"], error["detail"]) for error in answer.json()["errors"]]


def complain(client, account, event_id, at):
    event = {"event_id": event_id, "account_id": account, "occurred_at": moment(at), "kind": "complaint"}
    answer = client.post("/v1/events", json={"events": [event]})
    assert answer.status_code == 200, answer.text


def decided(client):
    answer = client.post("/v1/recommendations", json={"rep_id": REP, "language": "en"})
    return {row["account_id"]: row for row in answer.json()["decisions"]}


def count(database, table):
    with database.reading() as connection:
        return connection.execute(select(func.count()).select_from(table)).scalar_one()


def test_a_complaint_on_wednesday_changes_the_running_week(filled, database, now):
    plan = decided(filled)
    now[0] += 1_000_000
    account = next(name for name, row in plan.items() if row["assigned"] == "wait" and not row["must"])
    (before,) = ask(filled, account)
    assert (before["action"], before["because"]["code"], before["urgency"]) == ("wait", "planned_wait", "can_wait")
    assert before["decision"] == {"decision_id": plan[account]["decision_id"], "action": "wait", "state": "recommended"}

    complain(filled, account, "c-1", now[0] - 60_000_000)
    now[0] += 1_000_000
    messages = count(database, OUTBOX)
    (after,) = ask(filled, account, commit=True)
    assert (after["action"] in TALKS, after["because"]["code"]) == (True, "must")
    assert after["urgency"] in ("today", "this_week")
    assert after["probability"] == 1
    assert any("omplaint" in sentence for sentence in after["brief"]["musts"])
    assert count(database, OUTBOX) == messages + 1
    receipt = filled.get(f"/v1/decisions/{after['decision_id']}").json()
    assert receipt["receipt"]["replaces"] == plan[account]["decision_id"]
    assert (receipt["must"], receipt["evaluable"], receipt["policy"]) == (True, False, "kqml-next@2")

    (again,) = ask(filled, account, commit=True)
    assert again["decision_id"] == after["decision_id"]
    assert count(database, OUTBOX) == messages + 1
    assert decided(filled).keys() == plan.keys()


@pytest.fixture
def meanwhile(monkeypatch):
    """A function: these accounts get next actions between the plan of the next request and its commit."""
    planned = routes._planned

    def decide(*names):
        def planned_then_decided(writing, question):
            monkeypatch.undo()
            result = planned(writing, question)
            with writing.service.writing() as transaction:
                accounts = [AccountToScore(name, None, None) for name in names]
                decide_next_actions(transaction, replace(question, accounts=accounts), writing.now)
            return result

        monkeypatch.setattr(routes, "_planned", planned_then_decided)

    return decide


def accounts_of(client):
    accounts = client.get("/v1/accounts", params={"rep": REP, "limit": 20}).json()["accounts"]
    return [row["account_id"] for row in accounts if row["status"] == "active"]


def test_an_account_that_is_decided_meanwhile_is_decided_once(filled, now, database, meanwhile):
    account = accounts_of(filled)[0]
    now[0] += 1_000_000
    meanwhile(account)
    (answer,) = ask(filled, account, commit=True)
    assert count(database, DECISIONS) == 1
    assert ask(filled, account, commit=True)[0]["decision_id"] == answer["decision_id"]


def test_a_decision_for_another_account_of_the_rep_does_not_disturb(filled, now, database, meanwhile):
    first, second, *_ = accounts_of(filled)
    now[0] += 1_000_000
    meanwhile(second)
    (answer,) = ask(filled, first, commit=True)
    assert answer["decision_id"] is not None
    assert count(database, DECISIONS) == 2


def test_a_preview_stores_nothing_and_decides_nobodys_week(filled, database):
    account = filled.get("/v1/accounts", params={"rep": REP, "limit": 1}).json()["accounts"][0]["account_id"]
    (first,) = ask(filled, account)
    assert first["decision_id"] is None
    assert count(database, DECISIONS) == 0
    assert ask(filled, account) == [first]


def test_what_is_done_leaves_nothing_to_do_this_week(filled, now):
    plan = decided(filled)
    now[0] += 1_000_000
    account, row = next((name, row) for name, row in plan.items() if row["assigned"] != "wait" and not row["must"])
    (before,) = ask(filled, account)
    assert (before["action"], before["because"]["code"]) == (row["assigned"], "planned")
    for state in ("accepted", "done"):
        answer = filled.post(f"/v1/decisions/{row['decision_id']}/status", json={"state": state})
        assert answer.status_code == 200, answer.text
    now[0] += 1_000_000
    (after,) = ask(filled, account)
    assert (after["action"], after["because"]["code"], after["urgency"]) == ("wait", "carried_out", "can_wait")
    assert after["decision"]["state"] == "done"


def test_a_reported_contact_counts_although_nobody_touched_the_decision(filled, now):
    plan = decided(filled)
    singles = ("visit", "call", "message")
    account, row = next((name, row) for name, row in plan.items() if row["assigned"] in singles and not row["must"])
    contact = {"event_id": "v-1", "account_id": account, "occurred_at": moment(now[0]), "kind": row["assigned"]}
    assert filled.post("/v1/events", json={"events": [{**contact, "rep_id": REP}]}).status_code == 200
    now[0] += 1_000_000
    (after,) = ask(filled, account)
    assert (after["action"], after["because"]["code"]) == ("wait", "carried_out")


def test_a_rejected_action_is_not_recommended_again_in_the_week(filled, now):
    plan = decided(filled)
    account, row = next((name, row) for name, row in plan.items() if row["assigned"] != "wait" and not row["must"])
    body = {"state": "rejected", "reason": "closed for repairs"}
    assert filled.post(f"/v1/decisions/{row['decision_id']}/status", json=body).status_code == 200
    now[0] += 1_000_000
    (after,) = ask(filled, account)
    assert (after["action"], after["because"]["code"]) == ("wait", "rejected")


def test_an_earlier_instant_sees_only_what_was_known_then(filled, now):
    account = next(iter(decided(filled)))
    now[0] += 1_000_000
    then = moment(now[0])
    before = ask(filled, account, as_of=then)
    complain(filled, account, "c-1", now[0] - 60_000_000)
    now[0] += DAY_US
    assert ask(filled, account, as_of=then) == before
    assert ask(filled, account) != before


def test_a_history_in_the_request_is_answered_without_the_reps_week(filled, database, now):
    orders = [
        {"occurred_at": moment(MONDAY - days * DAY_US), "kind": "order", "amount": 900.0} for days in range(5, 300, 9)
    ]
    account = {"account_id": "elsewhere", "account": {"tier": "A", "segment": "pharmacy"}, "events": orders}
    (calm,) = ask(filled, account)
    assert calm["rep"] is None
    assert calm["decision"] is None
    assert calm["warnings"]
    assert calm["churn_probability"] is not None
    complaint = {"event_id": "c", "occurred_at": moment(now[0] - 60_000_000), "kind": "complaint"}
    (angry,) = ask(filled, {**account, "events": [*orders, complaint]})
    assert (angry["action"] in TALKS, angry["because"]["code"]) == (True, "must")
    assert any("omplaint" in sentence for sentence in angry["brief"]["musts"])
    assert count(database, DECISIONS) == 0


def test_where_no_action_may_be_recommended_the_answer_says_why(filled, database):
    listed = filled.get("/v1/accounts", params={"rep": REP, "limit": 1}).json()["accounts"]
    account = listed[0]["account_id"]
    with database.writing() as connection:
        set_objection(connection, account, 1)
    (silent,) = ask(filled, account, commit=True)
    assert (silent["action"], silent["because"]["code"]) == (None, "objecting")
    assert (silent["churn_probability"], silent["reasons"], silent["brief"]) == (None, [], None)
    assert count(database, DECISIONS) == 0


def test_a_history_without_events_has_nothing_to_score_and_nothing_to_do(filled):
    (result,) = ask(filled, {"account_id": "new", "account": {"tier": "B"}, "events": []})
    assert (result["churn_probability"], result["decision_id"]) == (None, None)


@pytest.mark.parametrize(
    ("accounts", "more", "pointer"),
    [
        (["nobody-knows"], {}, "#/accounts/0/account_id"),
        (["S0000001", "S0000001"], {}, "#/accounts/1/account_id"),
        (["S0000001"], {"as_of": "2090-01-01T00:00:00Z"}, "#/as_of"),
        ([{"account_id": "x", "account": {"tier": "A"}}], {}, "#/accounts/0/events"),
    ],
)
def test_a_faulty_request_is_refused_with_its_place(filled, accounts, more, pointer):
    assert pointer in [where for where, _ in ask(filled, *accounts, status=422, **more)]


@pytest.mark.parametrize("case", ["as_of", "history"])
def test_what_cannot_be_stored_is_a_preview_that_says_so(filled, database, now, case):
    name = filled.get("/v1/accounts", params={"rep": REP, "limit": 1}).json()["accounts"][0]["account_id"]
    account = name if case == "as_of" else {"account_id": "x", "events": []}
    more = {"as_of": moment(now[0] - DAY_US)} if case == "as_of" else {}
    (result,) = ask(filled, account, commit=True, **more)
    assert result["decision_id"] is None
    assert any("Not stored" in warning for warning in result["warnings"])
    assert count(database, DECISIONS) == 0


def test_a_week_planned_later_leaves_out_who_was_decided_before(filled, database, now):
    accounts = filled.get("/v1/accounts", params={"rep": REP, "limit": 3}).json()["accounts"]
    name = accounts[0]["account_id"]
    (first,) = ask(filled, name, commit=True)
    assert first["decision_id"]
    now[0] += 1_000_000
    plan = decided(filled)
    assert plan[name]["decision_id"] == first["decision_id"]
    assert len(plan) > 1


def test_the_feature_row_and_probability_are_stored_with_the_decision(filled):
    accounts = filled.get("/v1/accounts", params={"rep": REP, "limit": 5}).json()["accounts"]
    for result in ask(filled, *(account["account_id"] for account in accounts), commit=True):
        receipt = filled.get(f"/v1/decisions/{result['decision_id']}").json()
        assert receipt["assigned"] == result["action"]
        assert receipt["probability"] == result["probability"]
        assert receipt["features"] is None or orjson.dumps(receipt["features"])


def test_no_action_is_recommended_by_a_history_that_is_too_long(filled, monkeypatch):
    account = filled.get("/v1/accounts", params={"rep": REP}).json()["accounts"][0]["account_id"]
    monkeypatch.setattr("serve.database.long_histories.MOST_EVENTS", 3)
    (answer,) = ask(filled, account)
    assert (answer["action"], answer["because"]["code"]) == (None, "long_history")
    assert "kqml plan --database" in answer["because"]["text"]
