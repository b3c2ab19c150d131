"""`/v1/decisions`: receipts, and the life of a decision."""

import itertools

import pytest
from decision_records import as_texts

from serve.database.decisions import FOLLOWS, add_decisions, withdraw_decisions

NOW = 1_710_892_800_000_000
ROW = {
    "decision_id": "d1",
    "account_id": "a",
    "rep_id": "R-7",
    "week": "2024-W12",
    "cutoff": 1_710_691_200_000_000,
    "policy": "ours@3",
    "playbook": "pharmacy@ab12",
    "model": "3",
    "assigned": "visit",
    "probability": 0.8333,
    "eligible": ["wait", "call", "visit"],
    "blocked": {"two_visits": "frequency_cap"},
    "explored": False,
    "must": False,
    "holdout": False,
    "evaluable": True,
    "features": {"orders_90": 0.1, "silence": None},
    "features_fingerprint": "ef",
    "receipt": {"net_value": {"visit": 12.25}},
}


@pytest.fixture
def decided(client, database):
    client.put("/v1/accounts/a", json={"owner_rep_id": "R-7"})
    with database.writing() as connection:
        add_decisions(connection, [as_texts(ROW, ("eligible", "blocked", "features", "receipt"))], NOW)
    return client


def report(client, state, **more):
    needed = {"rejected": {"reason": "no"}, "failed": {"reason": "no"}, "outcome": {"outcome": {"margin": 1}}}
    return client.post("/v1/decisions/d1/status", json={"state": state, **needed.get(state, {}), **more})


def test_a_receipt_holds_what_was_decided_from_what(decided):
    receipt = decided.get("/v1/decisions/d1").json()
    states = receipt.pop("states")
    assert receipt == {
        **ROW,
        "cutoff": "2024-03-18T00:00:00+08:00",
        "recorded_at": "2024-03-20T08:00:00+08:00",
        "state": "recommended",
        "next": ["accepted", "scheduled", "done", "failed", "rejected"],
    }
    assert [state["state"] for state in states] == ["recommended"]


def test_a_decision_lives(decided):
    assert report(decided, "accepted").json()["next"] == ["scheduled", "done", "failed", "rejected"]
    assert report(decided, "scheduled", at="2024-03-26T10:00:00+08:00").status_code == 200
    assert report(decided, "done", action="call", at="2024-03-19T10:20:00+08:00").status_code == 200
    assert report(decided, "verified", verified=True).status_code == 200
    assert report(decided, "outcome", outcome={"margin": 420.5}).json()["next"] == []
    states = decided.get("/v1/decisions/d1").json()["states"]
    assert [state["state"] for state in states] == [
        "recommended",
        "accepted",
        "scheduled",
        "done",
        "verified",
        "outcome",
    ]
    assert states[3] == {
        "state": "done",
        "at": "2024-03-19T10:20:00+08:00",
        "known_at": "2024-03-20T08:00:00+08:00",
        "action": "call",
        "reason": None,
        "verified": None,
        "outcome": None,
        "by": "open",
    }
    assert states[-1]["outcome"] == {"margin": 420.5}


@pytest.mark.parametrize(
    ("at", "status"),
    [("2024-03-26T20:00:00+08:00", 422), ("2024-03-26T00:30:00Z", 200), ("2024-03-26T00:29:00Z", 422)],
)
def test_nothing_is_scheduled_in_the_quiet_hours(decided, at, status):
    assert report(decided, "accepted").status_code == 200
    answer = report(decided, "scheduled", at=at)
    assert answer.status_code == status
    if status == 422:
        told = answer.json()["errors"][0]
        assert told["pointer"] == "#/at"
        assert "in Asia/Shanghai, within the quiet hours from 20:00 to 08:30" in told["detail"]
        assert decided.get("/v1/decisions/d1").json()["state"] == "accepted"


PATHS = {
    "recommended": [],
    "accepted": ["accepted"],
    "rejected": ["rejected"],
    "scheduled": ["accepted", "scheduled"],
    "done": ["accepted", "done"],
    "failed": ["accepted", "failed"],
    "verified": ["accepted", "done", "verified"],
    "outcome": ["rejected", "outcome"],
    "withdrawn": ["accepted"],
}
REPORTED = [state for state in FOLLOWS if state not in ("recommended", "withdrawn")]
MOVES = list(itertools.product(FOLLOWS, REPORTED))


@pytest.mark.parametrize(("present", "asked"), MOVES)
def test_only_legal_moves_are_made(decided, database, present, asked):
    for state in PATHS[present]:
        assert report(decided, state).status_code == 200
    if present == "withdrawn":
        with database.writing() as connection:
            assert withdraw_decisions(connection, ["d1"], "account_closed", "kqml", NOW + 1) == ["d1"]
            assert withdraw_decisions(connection, ["d1"], "account_closed", "kqml", NOW + 1) == []
    before = decided.get("/v1/decisions/d1").json()
    answer = report(decided, asked)
    if asked in FOLLOWS[present]:
        assert (answer.status_code, answer.json()["state"]["state"]) == (200, asked)
        return
    assert (answer.status_code, answer.json()["type"]) == (409, "urn:kqml:problem:conflict")
    assert f"has the state {present}. The state {asked} cannot follow" in answer.json()["detail"]
    assert decided.get("/v1/decisions/d1").json() == before


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"state": "recommended"}, "#/state"),
        ({"state": "withdrawn"}, "#/state"),
        ({"state": "rejected"}, "#/reason"),
        ({"state": "outcome"}, "#/outcome"),
        ({"state": "accepted", "at": "2024-02-30T00:00:00Z"}, "#/at"),
        ({"state": "accepted", "mood": "good"}, "#/mood"),
    ],
)
def test_a_faulty_status_is_pointed_at(decided, body, pointer):
    answer = decided.post("/v1/decisions/d1/status", json=body)
    assert (answer.status_code, [error["pointer"] for error in answer.json()["errors"]]) == (422, [pointer])


def test_a_status_sent_twice_with_one_key_is_one(decided):
    sent = [
        decided.post("/v1/decisions/d1/status", json={"state": "accepted"}, headers={"idempotency-key": "k"})
        for _ in range(2)
    ]
    assert [answer.status_code for answer in sent] == [200, 200]
    assert sent[0].json() == sent[1].json()
    assert len(decided.get("/v1/decisions/d1").json()["states"]) == 2


@pytest.mark.parametrize("path", ["/v1/decisions/d2", "/v1/decisions/d2/status"])
def test_what_is_not_there_is_404(decided, path):
    answer = decided.post(path, json={"state": "accepted"}) if "status" in path else decided.get(path)
    assert (answer.status_code, answer.json()["detail"]) == (404, "The decision 'd2' does not exist.")


@pytest.mark.parametrize(
    ("said", "field", "words"),
    [
        ({"state": "accepted", "at": "2090-01-01T00:00:00Z"}, "#/at", "in the future"),
        ({"state": "accepted", "action": "dance"}, "#/action", "not an action of the playbook: wait, message"),
    ],
)
def test_a_state_to_come_and_an_unknown_action_are_refused(decided, said, field, words):
    answer = report(decided, **said)
    assert answer.status_code == 422
    (error,) = answer.json()["errors"]
    assert error["pointer"] == field
    assert words in error["detail"]


def test_a_contact_is_scheduled_within_a_year(decided):
    report(decided, "accepted")
    answer = report(decided, "scheduled", at="2090-01-01T10:00:00+08:00")
    assert [error["pointer"] for error in answer.json()["errors"]] == ["#/at"]
