"""`DELETE /v1/accounts/{account_id}`: who it is goes, what is counted stays, nothing comes back."""

import json

import pytest
from security_company import bearer
from sqlalchemy import select

from serve.database.tables import (
    ACCOUNT_GRADES,
    ACCOUNTS,
    AUDIT_LOG,
    DECISION_STATES,
    DECISIONS,
    EVENTS,
    LATEST_SCORES,
    METADATA,
    REVIEWS,
    SCORES,
)
from serve.security.callers import Scope

SECRETS = ("Corner 药店", "secret attribute", "王1", "said in private", "too expensive today", "please look again")


@pytest.fixture
def everything(company):
    return bearer(company.key(*Scope))


@pytest.fixture
def written(client, company, everything):
    """Account a1 with a name, attributes, an event with free content, a rejected decision, a review with a note."""
    account = {"name": SECRETS[0], "tier": "B", "owner_rep_id": "r1", "attributes": {"note": SECRETS[1]}}
    assert client.put("/v1/accounts/a1", json=account, headers=everything).status_code == 200
    event = {
        "event_id": "talk",
        "account_id": "a1",
        "occurred_at": "2024-03-01T00:00:00Z",
        "kind": "help_asked",
        "attributes": {"topic": "display", "note": SECRETS[3]},
    }
    assert client.post("/v1/events", json={"events": [event]}, headers=everything).status_code == 200
    rejected = {"state": "rejected", "reason": SECRETS[4]}
    assert client.post("/v1/decisions/d1/status", json=rejected, headers=everything).status_code == 200
    review = client.post("/v1/accounts/a1/reviews", json={"note": SECRETS[5]}, headers=everything)
    assert review.status_code == 201
    return client


def rows(database, table, **key):
    with database.reading() as connection:
        request = select(table).where(*(table.c[name] == value for name, value in key.items()))
        return [dict(row) for row in connection.execute(request).mappings()]


def test_what_says_who_it_is_goes_and_what_is_counted_stays(written, company, everything):
    before = {table: len(rows(company.database, table, account_id="a1")) for table in (EVENTS, DECISIONS, SCORES)}
    answer = written.delete("/v1/accounts/a1", headers=everything)
    assert (answer.status_code, answer.json()) == (200, {"account_id": "a1", "contacts": 1, "events": 1})
    with company.database.snapshot() as connection:
        kept = [table for table in METADATA.sorted_tables if table.name != "idempotency_keys"]
        text = "".join(repr(connection.execute(select(table)).all()) for table in kept)
    assert [secret for secret in SECRETS if secret in text] == []
    (account,) = rows(company.database, ACCOUNTS, account_id="a1")
    assert (account["name"], account["tier"], account["owner_rep_id"], account["status"]) == (None, "B", "r1", "closed")
    assert None not in (account["erased_at"], account["objected_at"])
    after = {table: len(rows(company.database, table, account_id="a1")) for table in (EVENTS, DECISIONS, SCORES)}
    assert after == {**before, EVENTS: before[EVENTS] + 1}
    kinds = [row["kind"] for row in rows(company.database, EVENTS, account_id="a1")]
    assert kinds.count("account_closed") == 1
    (talk,) = rows(company.database, EVENTS, event_id="talk")
    assert json.loads(talk["attributes"]) == {"topic": "display"}
    states = rows(company.database, DECISION_STATES, decision_id="d1")
    assert [(state["state"], state["reason"]) for state in states] == [("recommended", None), ("rejected", None)]
    assert [row["note"] for row in rows(company.database, REVIEWS, account_id="a1")] == [None, None]
    for table in (LATEST_SCORES, ACCOUNT_GRADES):
        assert rows(company.database, table, account_id="a1") == []
    (entry,) = rows(company.database, AUDIT_LOG, action="account.erase")
    assert (entry["subject"], json.loads(entry["details"])) == ("a1", {"contacts": 1, "events": 1})


def test_other_accounts_stay_as_they_are(written, company, everything):
    def others():
        tables = (ACCOUNTS, EVENTS, DECISIONS, SCORES, REVIEWS)
        return [[row for row in rows(company.database, table) if row["account_id"] != "a1"] for table in tables]

    before = others()
    written.delete("/v1/accounts/a1", headers=everything)
    assert others() == before


def test_an_erased_account_is_in_no_list_and_says_that_it_was_erased(written, company, everything):
    written.delete("/v1/accounts/a1", headers=everything)
    listed = written.get("/v1/accounts", headers=everything).json()["accounts"]
    assert [account["account_id"] for account in listed if account["account_id"] == "a1"] == []
    for path in ("/v1/scores", "/v1/decisions", "/v1/exports/scores", "/v1/exports/plans?week=2024-W12"):
        assert '"a1"' not in written.get(path, headers=everything).text
    shown = written.get("/v1/accounts/a1", headers=everything).json()
    assert (shown["name"], shown["status"], shown["score"]) == (None, "closed", None)
    assert shown["erased_at"] is not None


@pytest.mark.parametrize(
    ("method", "path", "body", "pointer"),
    [
        ("PUT", "/v1/accounts/a1", {"name": "again", "owner_rep_id": "r1"}, "#/account_id"),
        ("PATCH", "/v1/accounts/a1", {"name": "again"}, "#/account_id"),
        ("POST", "/v1/accounts", {"accounts": [{"account_id": "a1"}]}, "#/accounts/0/account_id"),
        ("PUT", "/v1/contacts/new", {"account_id": "a1", "name": "again"}, "#/account_id"),
        (
            "POST",
            "/v1/events",
            {"events": [{"event_id": "x", "account_id": "a1", "occurred_at": "2024-03-01T00:00:00Z", "kind": "order"}]},
            "#/events/0/account_id",
        ),
    ],
)
def test_an_erased_account_does_not_come_back(written, everything, method, path, body, pointer):
    written.delete("/v1/accounts/a1", headers=everything)
    answer = written.request(method, path, json=body, headers=everything)
    assert (answer.status_code, [error["pointer"] for error in answer.json()["errors"]]) == (422, [pointer])
    assert "was erased" in answer.json()["errors"][0]["detail"]


def test_an_erasure_can_be_repeated(written, company, everything):
    written.delete("/v1/accounts/a1", headers=everything)
    version = rows(company.database, ACCOUNTS, account_id="a1")[0]["version"]
    again = written.delete("/v1/accounts/a1", headers=everything)
    assert (again.status_code, again.json()) == (200, {"account_id": "a1", "contacts": 0, "events": 0})
    assert rows(company.database, ACCOUNTS, account_id="a1")[0]["version"] == version


def test_nobody_erases_what_is_not_there(written, everything):
    assert written.delete("/v1/accounts/a8", headers=everything).status_code == 404
