"""A rep's week is for whoever may see the rep, about accounts that are still of the territory."""

import pytest
from security_company import DECISION, NOW, bearer

from serve.database.decisions import add_decisions
from serve.security.callers import Scope


@pytest.fixture
def planned(company):
    """Decisions for r1 about a1, and about a3, which is r3's meanwhile."""
    with company.database.writing() as connection:
        rows = [{**DECISION, "decision_id": f"w{n}", "account_id": f"a{n}", "rep_id": "r1"} for n in "13"]
        add_decisions(connection, rows, NOW)
    return company


@pytest.mark.parametrize(
    ("asking", "status", "accounts"),
    [("r1", 200, ["a1"]), ("m1", 200, ["a1"]), ("r2", 404, None), ("m2", 404, None), (None, 200, ["a1", "a3"])],
)
def test_a_week_is_for_whoever_may_see_the_rep(client, planned, asking, status, accounts):
    headers = bearer(planned.key(Scope.READ_DECISIONS, rep_id=asking))
    answer = client.get("/v1/reps/r1/plan", params={"week": "2024-W12"}, headers=headers)
    assert answer.status_code == status
    found = [one["account_id"] for one in answer.json()["decisions"]] if accounts else None
    assert found == accounts


def test_next_actions_are_for_whoever_may_see_the_account(client, planned):
    body = {"accounts": [{"account_id": "a1"}]}
    for asking, status in (("r1", 200), ("m1", 200), ("r2", 422), ("m2", 422), (None, 200)):
        headers = bearer(planned.key(Scope.READ_DECISIONS, rep_id=asking))
        assert client.post("/v1/next-actions", json=body, headers=headers).status_code == status


def test_a_caller_that_may_not_decide_gets_a_preview(client, planned):
    body = {"accounts": [{"account_id": "a2"}], "commit": True, "language": "en"}
    headers = bearer(planned.key(Scope.READ_DECISIONS))
    (shown,) = client.post("/v1/next-actions", json=body, headers=headers).json()["next_actions"]
    assert shown["decision_id"] is None
    assert any("Not stored" in warning for warning in shown["warnings"])
