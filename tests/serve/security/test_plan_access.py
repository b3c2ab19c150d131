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
