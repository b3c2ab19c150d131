"""`POST /v1/duties/status`: what people say of duties."""

from dataclasses import dataclass
from datetime import UTC, datetime

import pytest

from kqml.calendar.business_time import instant_of

NOW = instant_of(datetime(2024, 3, 20, tzinfo=UTC))
WEEK = "2024-W12"
URL = "/v1/duties/status"


@dataclass
class Clock:
    now: int = NOW

    def __call__(self) -> int:
        self.now += 1_000_000
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def owing(client):
    """An account with two overdue promises, whose rep owes asks of its own."""
    client.put("/v1/accounts/A-1", json={"tier": "A", "owner_rep_id": "R-7", "opened_on": "2020-01-01"})
    common = {"account_id": "A-1", "occurred_at": "2024-03-11T10:00:00+08:00"}
    promises = [{"event_id": name, "kind": "promise_made", **common} for name in ("p1", "p2")]
    assert client.post("/v1/events", json={"events": promises}).status_code == 200
    return client


def listed(client, **query) -> dict[str, dict]:
    rows = client.get("/v1/duties", params={"week": WEEK, "limit": 500, **query}).json()["duties"]
    return {row["event_id"] or f"{row['duty']}-{row['channel']}": row for row in rows}


def say(client, name, state="done", headers=None, **more):
    saying = {"duty_id": name, "account_id": "A-1", "state": state, **more}
    return client.post(URL, json={"week": WEEK, "duties": [saying]}, headers=headers)


def test_a_duty_is_done_because_somebody_says_so(owing):
    before = listed(owing)
    assert before["p1"]["state"] == before["p2"]["state"] == "due"
    said = say(owing, before["p1"]["duty_id"], at="2024-03-18T16:00:00+08:00", note="the owner called")
    assert said.json() == {"added": 1, "known": 0}
    after = listed(owing)
    told = after["p1"].pop("declared")
    assert told.pop("known_at") > "2024-03-20T08:00:0"
    assert told == {"state": "done", "at": "2024-03-18T16:00:00+08:00", "by": "open", "note": "the owner called"}
    assert after["p1"] == {
        **{name: value for name, value in before["p1"].items() if name != "declared"},
        "state": "done",
        "must": False,
        "why": "declared",
    }
    assert after["p2"] == before["p2"]


def test_what_was_said_may_be_said_again_and_taken_back(owing):
    name = listed(owing)["p1"]["duty_id"]
    steps = [
        ("open", {"added": 0, "known": 1}, "due"),
        ("waived", {"added": 1, "known": 0}, "waived"),
        ("waived", {"added": 0, "known": 1}, "waived"),
        ("done", {"added": 1, "known": 0}, "done"),
        ("open", {"added": 1, "known": 0}, "due"),
        ("open", {"added": 0, "known": 1}, "due"),
    ]
    for state, answer, listed_as in steps:
        assert say(owing, name, state).json() == answer
        assert listed(owing)["p1"]["state"] == listed_as
    assert listed(owing)["p1"]["declared"] is None


def test_the_filters_and_the_cadence_see_what_was_said(owing):
    """A visit that need not be made is neither behind nor due; what was counted stays."""
    visit = listed(owing)["cadence-visit"]
    assert (visit["state"], visit["behind"] > 0) == ("due", True)
    say(owing, visit["duty_id"], "waived", note="rebuilding")
    assert "cadence-visit" not in listed(owing, state="due")
    after = listed(owing, state="waived")["cadence-visit"]
    assert {name: after[name] for name in ("behind", "target", "counted")} == {**_same(visit), "behind": 0.0}


def _same(row):
    return {name: row[name] for name in ("target", "counted")}


def test_later_pages_of_a_list_know_only_what_its_first_one_knew(owing):
    name = listed(owing)["p2"]["duty_id"]
    first = owing.get("/v1/duties", params={"week": WEEK, "limit": 1}).json()
    say(owing, name)
    rows, cursor = [], first["next_cursor"]
    while cursor:
        page = owing.get("/v1/duties", params={"week": WEEK, "limit": 1, "cursor": cursor}).json()
        rows, cursor = rows + page["duties"], page["next_cursor"]
    assert [row["state"] for row in rows if row["duty_id"] == name] == ["due"]


def test_what_a_rep_owes_is_named_by_the_rep(owing):
    asks = listed(owing, rep="R-7")["asks-help"]
    assert (asks["account_id"], asks["rep_id"]) == (None, "R-7")
    assert say(owing, asks["duty_id"], account_id=None, rep_id="R-7").json() == {"added": 1, "known": 0}
    assert listed(owing, rep="R-7")["asks-help"]["state"] == "done"


def test_a_request_sent_twice_has_one_effect(owing):
    name, key = listed(owing)["p1"]["duty_id"], {"idempotency-key": "k"}
    first = say(owing, name, headers=key)
    say(owing, name, "open")
    again = say(owing, name, headers=key)
    assert (again.json(), again.headers["idempotency-replayed"]) == (first.json(), "true")
    assert listed(owing)["p1"]["state"] == "due"


@pytest.mark.parametrize(
    ("saying", "pointer", "said"),
    [
        ({"duty_id": "0" * 24}, "duty_id", "is not a duty in 2024-W12"),
        ({"account_id": "A-2"}, "account_id", "account 'A-2' does not exist"),
        ({"account_id": None}, "account_id", "is missing: give account_id"),
        ({"account_id": None, "rep_id": "R-7"}, "duty_id", "is not a duty"),
        ({"at": "2024-03-21T00:00:00+08:00"}, "at", "is in the future"),
        ({"at": "2023-02-29T00:00:00+08:00"}, "at", "is not a valid date"),
        ({"state": "overdue"}, "state", "'done', 'waived' or 'open'"),
    ],
)
def test_a_faulty_saying_is_pointed_at_and_nothing_is_kept(owing, saying, pointer, said):
    promises = listed(owing)
    right = [{"duty_id": promises[name]["duty_id"], "account_id": "A-1", "state": "done"} for name in ("p1", "p2")]
    answer = owing.post(URL, json={"week": WEEK, "duties": [right[0], {**right[1], **saying}]})
    assert answer.status_code == 422
    faults = [(error["pointer"], error["detail"]) for error in answer.json()["errors"]]
    assert [place for place, _ in faults] == [f"#/duties/1/{pointer}"]
    assert said in faults[0][1]
    assert listed(owing)["p1"]["declared"] is None


def test_one_duty_stands_once_in_a_request(owing):
    saying = {"duty_id": listed(owing)["p1"]["duty_id"], "account_id": "A-1", "state": "done"}
    answer = owing.post(URL, json={"week": WEEK, "duties": [saying, saying]})
    assert answer.json()["errors"][0]["pointer"] == "#/duties/1/duty_id"
