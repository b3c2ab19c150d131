"""`GET /v1/accounts`, `GET /v1/scores`: what stands beside each account, which accounts match, what has changed."""

import pytest
from sqlalchemy import update

from serve.database.account_grades import store_grades
from serve.database.decisions import add_decisions, add_state
from serve.database.events import add_events
from serve.database.scores import record_scores
from serve.database.tables import ACCOUNTS, EVENTS
from serve.database.territory import EVERYWHERE

NOW = 1_710_892_800_000_000  # 2024-03-20T08:00+08:00, a Wednesday of week 12
MONDAY = 1_710_691_200_000_000
MINUTE = 60_000_000
DAY = 86_400_000_000
REASON = (
    '{"code":"season","direction":"falling","contribution":-0.9,"message":{"key":"reasons.season.falling.plain"}},'
    '{"code":"longer_silent","direction":"rising","contribution":0.5,"message":{"key":'
    '"reasons.longer_silent.rising.days","values":{"silence":{"unit":"days","number":37.0}}}}'
)
SCORE = {
    "cutoff": NOW - DAY,
    "model": "3",
    "eligible": True,
    "band": "high",
    "reasons": f"[{REASON}]",
    "warnings": "[]",
    **dict.fromkeys(("before_cutoff", "before_model", "change_calendar", "change_data", "change_model")),
}
GRADE = {
    "level": "basic",
    "single_contact": True,
    "emotional_balance": -1.5,
    "relationship_grade": "C",
    "abc": "A",
    "overall_class": "B",
}


@pytest.fixture
def listed(client, database):
    """Accounts a … e; a is scored, graded, planned, visited; b to d have scores a minute apart."""
    rows = [
        {"account_id": "a", "name": "Corner 药店", "tier": "A", "region": "east", "owner_rep_id": "R-7"},
        {"account_id": "b", "name": "50% off_shop", "tier": "A", "region": "west", "owner_rep_id": "R-7"},
        {"account_id": "c", "name": "corner shop", "tier": "B", "region": "west", "owner_rep_id": "R-8"},
        {"account_id": "d", "name": None, "tier": "C", "region": "east", "owner_rep_id": "R-8"},
        {"account_id": "e", "name": "Echo", "tier": "C", "region": "east", "owner_rep_id": "R-8"},
    ]
    client.post("/v1/accounts", json={"accounts": rows})
    with database.writing() as connection:
        connection.execute(update(ACCOUNTS).values(updated_at=NOW - 40 * MINUTE))
        for number, (name, probability) in enumerate({"a": 0.5, "b": 0.9, "c": 0.1, "d": None}.items()):
            score = {"account_id": name, "churn_probability": probability, "value_at_risk": 100.0 * (number + 1)}
            record_scores(connection, [{**SCORE, **score, "scored_at": NOW - (33 - number) * MINUTE}])
        store_grades(connection, [{**GRADE, "account_id": "a"}], NOW - DAY)
        other = {"relationship_grade": "A", "emotional_balance": 4.0, "level": "high"}
        store_grades(connection, [{**GRADE, **other, "account_id": "c"}], NOW - DAY)
        add_events(connection, [*contacts()], NOW, EVERYWHERE)
        decision = {"week": "2024-W12", "cutoff": MONDAY, "policy": "p", "playbook": "p", "assigned": "visit"}
        decision |= {"model": None, "eligible": "[]", "blocked": "{}"}
        add_decisions(connection, [{**decision, "decision_id": f"d-{n}", "account_id": n} for n in "abc"], MONDAY)
        add_state(connection, "d-a", {"state": "accepted", "at": NOW - DAY}, NOW - DAY)
        add_state(connection, "d-b", {"state": "rejected", "at": NOW - DAY, "reason": "no"}, NOW - DAY)
        connection.execute(update(ACCOUNTS).where(ACCOUNTS.c.account_id == "c").values(objected_at=NOW))
    return client


def contacts():
    """A visit two days ago, a call yesterday that is taken back, an inbound call and an order since."""
    facts = [("visit", 2, None), ("call", 1, None), ("inbound", 0.5, None), ("order", 0.4, None)]
    facts.append(("event_retracted", 0.3, "e-1"))
    for number, (kind, days, ref) in enumerate(facts):
        at = NOW - round(days * DAY)
        row = dict.fromkeys(column.name for column in EVENTS.columns if column.name != "received_at")
        row |= {"event_id": f"e-{number}", "account_id": "a", "occurred_at": at, "known_at": at}
        yield {**row, "kind": kind, "ref": ref, "rep_id": "R-7"}


def ids(answer):
    return "".join(account["account_id"] for account in answer.json()["accounts"])


def one(client, account, **query):
    (row,) = client.get("/v1/accounts", params={"account": account, **query}).json()["accounts"]
    return row


def test_an_account_is_listed_with_all_that_stands_beside_it(listed):
    row = one(listed, "a", language="en")
    assert row["score"]["main_reason"] == {
        "code": "longer_silent",
        "direction": "rising",
        "contribution": 0.5,
        "text": "37 days since the last order",
    }
    assert row["grades"] == {**GRADE, "as_of": "2024-03-19T08:00:00+08:00"}
    assert row["next_action"] == {"decision_id": "d-a", "action": "visit", "state": "accepted"}
    assert row["last_contact"] == {"kind": "visit", "at": "2024-03-18T08:00:00+08:00", "rep_id": "R-7"}
    assert one(listed, "a", language="zh")["score"]["main_reason"]["text"] == "距上次订货已 37 天"


def test_what_is_not_there_is_null(listed):
    row = one(listed, "e")
    assert {row[name] for name in ("score", "grades", "next_action", "last_contact")} == {None}


def test_a_rejected_action_and_one_for_an_account_that_objects_are_no_next_actions(listed):
    assert (one(listed, "b")["next_action"], one(listed, "c")["next_action"]) == (None, None)
    assert one(listed, "c")["grades"] is None


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"probability_from": 0.5}, "ba"),
        ({"probability_from": 0}, "bac"),
        ({"value_at_risk_from": 200, "sort": "account_id"}, "bcd"),
        ({"search": "CORNER", "sort": "account_id"}, "ac"),
        ({"search": "药"}, "a"),
        ({"search": "50%"}, "b"),
        ({"search": "f_s"}, "b"),
        ({"search": "E", "sort": "account_id"}, "ace"),
        ({"account": ["d", "a", "x"], "sort": "account_id"}, "ad"),
        ({"relationship_grade": ["A", "B"]}, "c"),
        ({"level": "basic"}, "a"),
        ({"overall_class": "B", "sort": "account_id"}, "ac"),
        ({"region": "east", "probability_from": 0.2}, "a"),
        ({"sort": "emotional_balance", "tier": ["A", "B"]}, "bac"),
        ({"sort": "-emotional_balance", "tier": ["A", "B"]}, "cab"),
        ({"changed_since": "2024-03-20T07:29:00+08:00", "sort": "account_id"}, "cd"),
        ({"changed_since": "2024-03-20T07:20:00+08:00", "sort": "account_id"}, "abcde"),
    ],
)
def test_accounts_are_filtered(listed, query, expected):
    assert ids(listed.get("/v1/accounts", params=query)) == expected


def test_an_account_that_is_put_in_has_changed(listed):
    since = {"changed_since": "2024-03-20T07:45:00+08:00"}
    assert ids(listed.get("/v1/accounts", params=since)) == ""
    listed.put("/v1/accounts/e", json={"name": "Echo 2", "owner_rep_id": "R-8"})
    assert ids(listed.get("/v1/accounts", params=since)) == "e"
    assert listed.get("/v1/accounts", params=since).json()["complete_until"] == "2024-03-20T07:45:00+08:00"


@pytest.mark.parametrize(
    ("query", "parameter"),
    [
        ("probability_from=1.1", "probability_from"),
        ("probability_from=nan", "probability_from"),
        ("value_at_risk_from=-1", "value_at_risk_from"),
        ("search=", "search"),
        ("changed_since=2090-01-01T00:00:00Z", "changed_since"),
        ("overall_class=E", "0"),
    ],
)
def test_a_faulty_filter_is_named(listed, query, parameter):
    answer = listed.get(f"/v1/accounts?{query}")
    assert (answer.status_code, [error["parameter"] for error in answer.json()["errors"]]) == (422, [parameter])


def scored(answer):
    return "".join(score["account_id"] for score in answer.json()["scores"])


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({}, "abcd"),
        ({"sort": "-scored_at"}, "dcba"),
        ({"rep": "R-8"}, "cd"),
        ({"tier": ["A", "C"], "region": "east"}, "ad"),
        ({"account": ["b", "e"]}, "b"),
        ({"band": "low"}, ""),
        ({"changed_since": "2024-03-20T07:28:00+08:00"}, "bcd"),
        ({"changed_since": "2024-03-20T07:28:00.000001+08:00"}, "cd"),
    ],
)
def test_stored_scores_are_listed_as_they_were_stored(listed, query, expected):
    assert scored(listed.get("/v1/scores", params=query)) == expected


@pytest.mark.parametrize("sort", ["scored_at", "-scored_at"])
@pytest.mark.parametrize("limit", [1, 3, 4, 5])
def test_pages_of_scores_show_each_account_once(listed, sort, limit):
    seen, cursor = "", None
    while True:
        more = {} if cursor is None else {"cursor": cursor}
        answer = listed.get("/v1/scores", params={"sort": sort, "limit": limit, **more})
        seen, cursor = seen + scored(answer), answer.json()["next_cursor"]
        if cursor is None:
            break
    assert seen == ("abcd" if sort == "scored_at" else "dcba")


def test_a_stored_score_has_its_reasons_in_the_language_of_the_request(listed):
    first = listed.get("/v1/scores?language=en&limit=1").json()
    assert first["scores"] == [
        {
            "account_id": "a",
            "churn_probability": 0.5,
            "band": "high",
            "eligible": True,
            "reasons": [
                {
                    "code": "season",
                    "direction": "falling",
                    "contribution": -0.9,
                    "text": "churn is lower at this time of year",
                },
                {
                    "code": "longer_silent",
                    "direction": "rising",
                    "contribution": 0.5,
                    "text": "37 days since the last order",
                },
            ],
            "warnings": [],
            "value_at_risk": 100.0,
            "as_of": "2024-03-19T08:00:00+08:00",
            "model": "3",
            "scored_at": "2024-03-20T07:27:00+08:00",
        }
    ]
    assert first["complete_until"] == "2024-03-20T07:45:00+08:00"


@pytest.mark.parametrize(
    ("query", "accounts", "grades", "balance"),
    [
        ({}, 1, {"C": 1}, -1.5),
        ({"region": "east"}, 1, {"C": 1}, -1.5),
        ({"rep": "R-8"}, 0, {}, None),
    ],
)
def test_grades_are_counted_without_accounts_that_object(listed, query, accounts, grades, balance):
    report = listed.get("/v1/reports/grades", params=query).json()
    assert (report["accounts"], report["emotional_balance"]) == (accounts, balance)
    assert report["counts"]["relationship_grade"] == grades
    assert report["as_of"] == ("2024-03-19T08:00:00+08:00" if accounts else None)


def test_every_grade_is_counted_and_what_is_not_recorded_is_unknown(listed, database):
    rows = [{**dict.fromkeys(GRADE), "account_id": "d", "single_contact": False}]
    with database.writing() as connection:
        store_grades(connection, rows, NOW - DAY)
    assert listed.get("/v1/reports/grades").json() == {
        "as_of": "2024-03-19T08:00:00+08:00",
        "accounts": 2,
        "emotional_balance": -1.5,
        "counts": {
            "level": {"basic": 1, "unknown": 1},
            "single_contact": {"false": 1, "true": 1},
            "relationship_grade": {"C": 1, "unknown": 1},
            "abc": {"A": 1, "unknown": 1},
            "overall_class": {"B": 1, "unknown": 1},
        },
    }
