"""`GET /v1/reps/{rep_id}/plan`: the stored decisions of a rep's week."""

import pytest
from decision_records import as_texts
from pydantic import TypeAdapter

from kqml.contract.plans import RepPlan
from serve.database.decisions import add_decisions, add_state
from serve.security.objections_and_reviews import set_objection

NOW = 1_710_892_800_000_000
ROW = {
    "rep_id": "R-7",
    "week": "2024-W12",
    "cutoff": 1_710_691_200_000_000,
    "policy": "ours@3",
    "playbook": "pharmacy@ab12",
    "model": "3",
    "assigned": "visit",
    "eligible": ["wait", "visit"],
    "blocked": {},
    "must": False,
    "receipt": None,
}
BRIEF = {"ask": ["how the shelf sells"], "bring": []}


def decision(number, **more):
    row = {**ROW, "decision_id": f"d{number}", "account_id": f"a{number}", **more}
    return as_texts(row, ("eligible", "blocked", "receipt"))


@pytest.fixture
def planned(client, database):
    for number in range(1, 6):
        client.put(f"/v1/accounts/a{number}", json={"owner_rep_id": "R-7", "name": f"shop {number}", "tier": "B"})
    with database.writing() as connection:
        rows = [
            decision(1, assigned="wait"),
            decision(2, must=True, receipt={"brief": BRIEF}),
            decision(3),
            decision(4, week="2024-W11"),
            decision(5, rep_id="R-8"),
        ]
        add_decisions(connection, rows, NOW)
        for state in ("accepted", "done"):
            add_state(connection, "d2", {"state": state, "at": NOW}, NOW)
    return client


def plan(client, **query):
    answer = client.get("/v1/reps/R-7/plan", params=query)
    assert answer.status_code == 200, answer.text
    TypeAdapter(RepPlan).validate_python(answer.json(), strict=True)
    return answer.json()


def test_a_week_holds_its_decisions_with_what_became_of_them(planned):
    found = plan(planned)
    assert (found["rep_id"], found["week"], found["objected"]) == ("R-7", "2024-W12", 0)
    assert [one["decision_id"] for one in found["decisions"]] == ["d2", "d1", "d3"]
    assert found["decisions"][0] == {
        "decision_id": "d2",
        "account_id": "a2",
        "account_name": "shop 2",
        "tier": "B",
        "assigned": "visit",
        "must": True,
        "cutoff": "2024-03-18T00:00:00+08:00",
        "policy": "ours@3",
        "playbook": "pharmacy@ab12",
        "model": "3",
        "state": "done",
        "at": "2024-03-20T08:00:00+08:00",
        "next": ["verified", "outcome"],
        "reason": None,
        "brief": BRIEF,
        "notes": [],
    }
    assert [(one["assigned"], one["state"], one["brief"]) for one in found["decisions"][1:]] == [
        ("wait", "recommended", None),
        ("visit", "recommended", None),
    ]


def test_another_week_is_asked_for_by_name(planned):
    assert [one["decision_id"] for one in plan(planned, week="2024-W11")["decisions"]] == ["d4"]
    assert plan(planned, week="2024-W10")["decisions"] == []


def test_accounts_that_object_are_counted_only(planned, database):
    with database.writing() as connection:
        set_objection(connection, "a3", NOW)
    found = plan(planned)
    assert (found["objected"], [one["account_id"] for one in found["decisions"]]) == (1, ["a2", "a1"])


@pytest.mark.parametrize("week", ["2023-W53", "2024-W7", "2024"])
def test_a_week_that_is_none_is_pointed_at(planned, week):
    answer = planned.get("/v1/reps/R-7/plan", params={"week": week})
    assert (answer.status_code, answer.json()["errors"][0]["parameter"]) == (422, "week")


def test_a_rep_named_nowhere_is_not_there(planned):
    assert planned.get("/v1/reps/R-9/plan").status_code == 404
    assert planned.get("/v1/reps/R-8/plan").status_code == 200
