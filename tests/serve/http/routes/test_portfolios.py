"""`GET /v1/reps/{rep_id}/portfolio`: what a rep looks after, and what is open there."""

import pytest
from pydantic import TypeAdapter
from sqlalchemy import insert

from kqml.contract.portfolios import Portfolio
from serve.database.tables import LATEST_SCORES

NOW = 1_710_892_800_000_000  # Wednesday, 20 March 2024, 8:00 in Shanghai


@pytest.fixture
def now():
    return [NOW]


@pytest.fixture
def clock(now):
    return lambda: now[0]


@pytest.fixture
def filled(client, database):
    client.put("/v1/reps/R-7", json={"left_on": "2024-04-01"})
    for name, more in (("a", {}), ("b", {}), ("c", {"status": "closed"}), ("d", {"owner_rep_id": "R-8"})):
        client.put(f"/v1/accounts/{name}", json={"owner_rep_id": "R-7", "tier": "B", **more})
    events = [
        ("p-1", "a", "promise_made", "2024-03-01T09:00:00+08:00", {"due_at": "2024-03-10T09:00:00+08:00"}),
        ("p-2", "a", "promise_made", "2024-03-01T09:00:00+08:00", {}),
        ("p-3", "a", "promise_made", "2022-03-01T09:00:00+08:00", {}),
        ("p-4", "b", "promise_made", "2024-03-02T09:00:00+08:00", {}),
        ("k-4", "b", "promise_kept", "2024-03-03T09:00:00+08:00", {"ref": "p-4"}),
        ("c-1", "b", "complaint", "2024-03-19T09:00:00+08:00", {}),
        ("c-2", "d", "complaint", "2024-03-19T09:00:00+08:00", {}),
    ]
    rows = [
        {"event_id": name, "account_id": account, "kind": kind, "occurred_at": at, **more}
        for name, account, kind, at, more in events
    ]
    assert client.post("/v1/events", json={"events": rows}).status_code == 200
    with database.writing() as connection:
        score = {
            "cutoff": 1,
            "model": "3",
            "scored_at": 1,
            "churn_probability": 0.2,
            "band": "high",
            "value_at_risk": 900.0,
        }
        connection.execute(insert(LATEST_SCORES), {"account_id": "b", **score})
    return client


def test_a_portfolio_shows_what_a_successor_takes_over(filled, now):
    now[0] += 1
    portfolio = filled.get("/v1/reps/R-7/portfolio").json()
    TypeAdapter(Portfolio).validate_python(portfolio, strict=True)
    assert portfolio["left_on"] == "2024-04-01"
    counts = ("account_id", "value_at_risk", "promises", "complaints", "appointments", "overdue")
    assert [tuple(row[name] for name in counts) for row in portfolio["accounts"]] == [
        ("b", 900.0, 0, 1, 0, 0),
        ("a", None, 2, 0, 0, 1),  # the promise of two years ago is no longer required
    ]
    assert portfolio["totals"] == {
        "accounts": 2,
        "value_at_risk": 900.0,
        "promises": 2,
        "complaints": 1,
        "appointments": 0,
        "overdue": 1,
    }


def test_an_unknown_rep_has_no_portfolio(filled):
    assert filled.get("/v1/reps/R-none/portfolio").status_code == 404
