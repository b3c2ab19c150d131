"""`GET /v1/reps/{rep_id}/days`: the open decisions of a rep's week by day, as of Wednesday 20 March 2024, 8:00."""

import pytest
from decision_records import as_texts
from pydantic import TypeAdapter
from sqlalchemy import insert

from kqml.contract.rep_days import RepDays
from serve.database.decisions import add_decisions, add_state
from serve.database.tables import DECISION_STATES
from serve.security.objections_and_reviews import set_objection

NOW = 1_710_892_800_000_000
HOUR = 3_600_000_000
DAY = 24 * HOUR
ROW = {
    "rep_id": "R-7",
    "week": "2024-W12",
    "cutoff": 1_710_691_200_000_000,
    "policy": "ours@3",
    "playbook": "pharmacy@ab12",
    "model": None,
    "assigned": "visit",
    "eligible": ["wait", "visit"],
    "blocked": {},
    "must": False,
    "receipt": None,
}
STORE = {"owner_rep_id": "R-7", "tier": "B", "name": "shop"}
WEDNESDAY, THURSDAY, FRIDAY = "2024-03-20", "2024-03-21", "2024-03-22"


@pytest.fixture
def decide(client, database):
    """Puts an account in with a decision of the week in a state."""

    def add(name, *states, account=STORE, at=NOW, **facts):
        assert client.put(f"/v1/accounts/{name}", json=account).status_code in (200, 201)
        row = as_texts({**ROW, "decision_id": f"d-{name}", "account_id": name, **facts}, ("eligible", "blocked"))
        row["receipt"] = None if facts.get("receipt") is None else as_texts(facts, ("receipt",))["receipt"]
        with database.writing() as connection:
            add_decisions(connection, [row], NOW)
            for state in states:
                add_state(connection, f"d-{name}", {"state": state, "at": at}, NOW)

    return add


def days(client, **query):
    answer = client.get("/v1/reps/R-7/days", params=query)
    assert answer.status_code == 200, answer.text
    TypeAdapter(RepDays).validate_python(answer.json(), strict=True)
    return answer.json()


def on_days(found):
    """Date → its open accounts in order."""
    return {day["date"]: [each["account_id"] for each in day["actions"]] for day in found["days"] if day["actions"]}


def test_open_decisions_lie_on_the_days_from_today_on(client, decide):
    for name in ("a1", "a2", "a3"):
        decide(name)
    decide("waits", assigned="wait")
    decide("rejected", "rejected")
    found = days(client)
    assert (found["rep_id"], found["week"], found["as_of"]) == ("R-7", "2024-W12", "2024-03-20T08:00:00+08:00")
    assert [(day["date"][-2:], day["working"], day["minutes"], day["used"]) for day in found["days"]] == [
        ("18", True, 480, 0),
        ("19", True, 480, 0),
        ("20", True, 480, 55),
        ("21", True, 480, 55),
        ("22", True, 480, 55),
        ("23", False, 0, 0),
        ("24", False, 0, 0),
    ]
    assert on_days(found) == {WEDNESDAY: ["a1"], THURSDAY: ["a2"], FRIDAY: ["a3"]}
    assert found["days"][2]["actions"][0] == {
        "decision_id": "d-a1",
        "account_id": "a1",
        "account_name": "shop",
        "tier": "B",
        "action": "visit",
        "state": "recommended",
        "must": False,
        "due": None,
        "part": 1,
        "parts": 1,
        "start": "09:00",
        "end": "09:20",
        "minutes": 55,
        "route": None,
        "flags": [],
    }
    assert (found["left_out"], found["objected"]) == ([], 0)


def test_what_is_done_is_listed_on_its_day_and_takes_minutes_of_it(client, decide):
    decide("a1", "accepted", "done", at=NOW - DAY)
    decide("a2", "accepted", "done", at=NOW - HOUR)
    decide("a3", "accepted", "failed")
    found = days(client)
    assert on_days(found) == {}
    assert [(day["used"], [each["account_id"] for each in day["done"]]) for day in found["days"][1:3]] == [
        (55, ["a1"]),
        (55, ["a2"]),
    ]
    assert found["days"][1]["done"][0]["at"] == "2024-03-19T08:00:00+08:00"


def test_a_decision_that_is_open_again_is_not_listed_as_done(client, decide, database):
    decide("a1", "accepted", "done")
    again = {"decision_id": "d-a1", "number": 3, "state": "accepted", "at": NOW, "known_at": NOW}
    with database.writing() as connection:
        connection.execute(insert(DECISION_STATES), again)
    found = days(client)
    assert on_days(found) == {WEDNESDAY: ["a1"]}
    assert [day["done"] for day in found["days"]] == [[]] * 7


def test_a_scheduled_decision_stays_on_its_date_and_a_missed_one_is_planned_anew(client, decide):
    decide("a1", "accepted", "scheduled", at=NOW + 2 * DAY + 150 * 60_000_000)
    decide("a2", "accepted", "scheduled", at=NOW - DAY)
    decide("a3", "accepted", "scheduled", at=NOW + 9 * DAY)
    found = days(client)
    assert on_days(found) == {WEDNESDAY: ["a2"], FRIDAY: ["a1"]}
    assert found["days"][4]["actions"][0]["start"] == "10:30"
    assert [(left["account_id"], left["why"]) for left in found["left_out"]] == [("a3", "later")]


def test_stores_keep_their_weekday_time_and_hours(client, decide):
    decide("fri", account={**STORE, "visit_weekdays": "Fr", "visit_time": "14:30"})
    decide("mon", account={**STORE, "visit_weekdays": "Mo"})
    decide("shut", account={**STORE, "opening_hours": "Sa,Su 09:00-18:00"})
    found = days(client)
    assert on_days(found) == {FRIDAY: ["fri"]}
    assert found["days"][4]["actions"][0]["start"] == "14:30"
    assert {left["account_id"]: left["why"] for left in found["left_out"]} == {"mon": "weekday_over", "shut": "closed"}


def test_a_required_action_lies_before_the_duty_is_due(client, decide):
    told = {"account_id": "a1", "occurred_at": "2024-03-14T10:00:00+08:00"}
    promise = {**told, "event_id": "p", "kind": "promise_made", "due_at": "2024-03-21T12:00:00+08:00"}
    complaint = {**told, "event_id": "c", "kind": "complaint", "account_id": "a2"}
    decide("a1", must=True)
    decide("a2", must=True)
    for name in ("b1", "b2", "b3"):
        decide(name, account={**STORE, "visit_weekdays": "We"})
    assert client.post("/v1/events", json={"events": [promise, complaint]}).status_code == 200
    found = days(client)
    placed = {each["account_id"]: (day["date"], each) for day in found["days"] for each in day["actions"]}
    (day, kept), (first, overdue) = placed["a1"], placed["a2"]
    assert (day, kept["due"], kept["must"], kept["flags"]) == (WEDNESDAY, THURSDAY, True, [])
    assert (first, overdue["due"], overdue["flags"]) == (WEDNESDAY, "2024-03-18", ["late"])


def test_the_way_of_a_day_is_given_where_coordinates_are_known(client, decide):
    for number in range(4):
        decide(f"a{number}", account={**STORE, "route": "E", "latitude": 31 + number * 0.01, "longitude": 121.0})
    found = days(client)
    assert set(on_days(found)) == {WEDNESDAY}
    assert found["days"][2]["km"] == 3.3
    assert found["days"][3]["km"] is None


def test_a_visit_takes_the_minutes_of_the_contacts_role(client, decide):
    decide("a1")
    contact = {"account_id": "a1", "role": "manager", "name": "王"}
    assert client.put("/v1/contacts/c1", json=contact).status_code == 200
    action = days(client)["days"][2]["actions"][0]
    assert (action["start"], action["end"], action["minutes"]) == ("09:00", "09:10", 55)


def test_the_actions_with_the_highest_scores_get_the_hours(client, decide):
    assert client.put("/v1/reps/R-7", json={"minutes_per_week": 300}).status_code == 200
    for number in range(5):
        decide(f"a{number}", receipt={"actions": {"visit": {"score": float(number)}}})
    found = days(client)
    assert on_days(found) == {WEDNESDAY: ["a4"], THURSDAY: ["a3"], FRIDAY: ["a2"]}
    assert [(left["account_id"], left["why"]) for left in found["left_out"]] == [("a1", "no_room"), ("a0", "no_room")]


def test_absences_of_the_rep_leave_no_day(client, decide):
    away = {"absences": [["2024-03-20", "2024-03-23"]]}
    assert client.put("/v1/reps/R-7", json=away).status_code == 200
    decide("a1")
    found = days(client)
    assert [day["absent"] for day in found["days"]] == [False, False, True, True, True, False, False]
    assert [left["why"] for left in found["left_out"]] == ["rep_absent"]


def test_accounts_that_object_are_counted_only(client, decide, database):
    decide("a1")
    with database.writing() as connection:
        set_objection(connection, "a1", NOW)
    found = days(client)
    assert (found["objected"], on_days(found), found["left_out"]) == (1, {}, [])


def test_a_past_week_has_no_open_days_and_a_coming_week_all(client, decide):
    decide("a1", week="2024-W11")
    decide("a2", week="2024-W13", account={**STORE, "visit_weekdays": "Mo"})
    past, coming = days(client, week="2024-W11"), days(client, week="2024-W13")
    assert [left["why"] for left in past["left_out"]] == ["no_day"]
    assert on_days(coming) == {"2024-03-25": ["a2"]}


@pytest.mark.parametrize("week", ["2023-W53", "2024-W7", "2024"])
def test_a_week_that_is_none_is_pointed_at(client, week):
    answer = client.get("/v1/reps/R-7/days", params={"week": week})
    assert (answer.status_code, answer.json()["errors"][0]["parameter"]) == (422, "week")


def test_a_rep_named_nowhere_is_not_there(client):
    assert client.get("/v1/reps/R-9/days").status_code == 404
