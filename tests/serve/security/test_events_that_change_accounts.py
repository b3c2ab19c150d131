"""Events about owner, tier, credit grade and status change the account, and only callers that may do so send them."""

import pytest
from security_company import bearer
from sqlalchemy import func, select

from serve.database.tables import EVENTS
from serve.security.callers import Scope

CHANGES = [
    {"kind": "rep_assigned", "rep_id": "r3"},
    {"kind": "tier_changed", "attributes": {"from": "B", "to": "C"}},
    {"kind": "credit_changed", "attributes": {"to": "D"}},
    *({"kind": f"account_{state}"} for state in ("closed", "suspended", "transferred", "reopened")),
]


def event(number, **fields):
    return {"event_id": f"x{number}", "account_id": "a1", "occurred_at": "2024-03-01T00:00:00Z", **fields}


def send(client, key, *events):
    return client.post("/v1/events", json={"events": list(events)}, headers=bearer(key))


def account(client, company):
    return client.get("/v1/accounts/a1", headers=bearer(company.key(Scope.READ_ACCOUNTS))).json()


def stored(company):
    with company.database.reading() as connection:
        return connection.execute(select(func.count()).select_from(EVENTS)).scalar_one()


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change["kind"])
@pytest.mark.parametrize(
    ("scopes", "rep"), [((Scope.WRITE_EVENTS,), None), ((Scope.WRITE_EVENTS, Scope.WRITE_ACCOUNTS), "r1")]
)
def test_without_the_right_nothing_is_stored(client, company, change, scopes, rep):
    before = stored(company)
    answer = send(client, company.key(*scopes, rep_id=rep), event(1, kind="visit"), event(2, **change))
    assert answer.status_code == 403
    assert [error["pointer"] for error in answer.json()["errors"]] == ["#/events/1/kind"]
    assert stored(company) == before


def test_a_change_is_not_taken_back_without_the_right_either(client, company):
    whole = company.key(Scope.WRITE_EVENTS, Scope.WRITE_ACCOUNTS)
    assert send(client, whole, event(1, kind="rep_assigned", rep_id="r2")).status_code == 200
    answer = send(client, company.key(Scope.WRITE_EVENTS), event(2, kind="event_retracted", ref="x1"))
    assert answer.status_code == 403


def test_the_account_follows_the_newest_event(client, company):
    key = company.key(Scope.WRITE_EVENTS, Scope.WRITE_ACCOUNTS)
    version = account(client, company)
    assert send(client, key, event(1, kind="rep_assigned", rep_id="r3")).status_code == 200
    assert account(client, company)["owner_rep_id"] == "r3"
    older = event(2, kind="rep_assigned", rep_id="r2", occurred_at="2024-02-01T00:00:00Z")
    assert send(client, key, older, event(3, kind="account_closed")).status_code == 200
    after = account(client, company)
    assert (after["owner_rep_id"], after["status"]) == ("r3", "closed")
    assert {**after, "owner_rep_id": None, "status": None} == {**version, "owner_rep_id": None, "status": None}


def test_a_rep_of_the_territory_still_reports_visits(client, company):
    assert send(client, company.key(Scope.WRITE_EVENTS, rep_id="r1"), event(1, kind="visit")).status_code == 200
