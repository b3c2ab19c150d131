"""Duties are those of the caller's accounts; personal days are for whoever may see what is personal."""

import json

import pytest
from security_company import NOW, SECOND, bearer, logged_in
from sqlalchemy import insert, select, update

from serve.access import Scope
from serve.security.contact_vault import ContactVault
from serve.security.roles import Role
from serve.store.tables import AUDIT_LOG, CONTACTS, EVENTS

DAY = 86_400 * SECOND


@pytest.fixture
def promised(client, company):
    """In every account a promise is overdue, a child was born, contact c1 (and so on) has a birthday."""
    vault = ContactVault(client.app.state.service.sealer)
    common = {"occurred_at": NOW - 9 * DAY, "known_at": NOW - 9 * DAY, "received_at": NOW}
    born = {"kind": "life_event", "attributes": json.dumps({"topic": "milestone"})}
    with company.store.writing() as connection:
        for n in "1234":
            of = {**common, "account_id": f"a{n}", "contact_id": f"c{n}"}
            promise = {**of, "event_id": f"p{n}", "kind": "promise_made", "attributes": None}
            life = {**of, "event_id": f"l{n}", **born, "occurred_at": NOW - DAY, "known_at": NOW - DAY}
            connection.execute(insert(EVENTS), [promise, life])
            [sealed] = vault.seal(connection, [{"contact_id": f"c{n}", "birthday": "03-20"}])
            birthday = {"birthday": sealed["birthday"]}
            connection.execute(update(CONTACTS).where(CONTACTS.c.contact_id == f"c{n}").values(**birthday))
    return company


def told(client, headers, **query):
    answer = client.get("/v1/duties", params={"limit": 500, **query}, headers=headers)
    assert answer.status_code == 200, answer.text
    return answer.json()["duties"]


SEEN = [
    (Role.REP, "r1", {"a1"}),
    (Role.MANAGER, "m1", {"a1", "a2"}),
    (Role.ADMIN, None, {"a1", "a2", "a3", "a4"}),
]


@pytest.mark.parametrize(("role", "rep", "accounts"), SEEN)
def test_everybody_sees_the_duties_of_the_own_accounts(client, promised, role, rep, accounts):
    headers = logged_in(promised.session(promised.user(role, rep)))
    rows = told(client, headers)
    assert {row["account_id"] for row in rows if row["duty"] == "promise"} == accounts
    assert {row["account_id"] for row in rows} - {None} == accounts
    assert {row["rep_id"] for row in rows if row["account_id"] is None} == ({"r1"} if rep == "r1" else set())
    for others in ({"account": "a3"}, {"rep": "r3"}):
        assert bool(told(client, headers, **others)) == ("a3" in accounts)


def test_a_rep_s_own_duties_are_for_whoever_may_see_the_rep(client, promised):
    manager = bearer(promised.key(*Scope, rep_id="m1"))
    found = {name: {row["duty"] for row in told(client, manager, rep=name)} for name in ("r2", "r3")}
    assert found["r2"] >= {"asks", "cadence"}
    assert found["r3"] == set()


def test_personal_days_need_the_scope_and_leave_a_note(client, promised):
    plain = told(client, bearer(promised.key(Scope.READ_ACCOUNTS)))
    assert {row["duty"] for row in plain} >= {"promise", "cadence"}
    assert not {row["duty"] for row in plain} & {"birthday", "milestone", "misfortune"}
    assert {row["contact_id"] for row in plain} == {None}
    assert "c1" not in looks(promised)
    rep = told(client, bearer(promised.key(Scope.READ_ACCOUNTS, Scope.SEE_PERSONAL, Scope.READ_CONTACTS, rep_id="r1")))
    personal = {(row["duty"], row["contact_id"]) for row in rep if row["duty"] in ("birthday", "milestone")}
    assert personal == {("birthday", "c1"), ("milestone", "c1")}
    assert looks(promised) == ["c1"]


def looks(company) -> list[str]:
    with company.store.reading() as connection:
        asked = select(AUDIT_LOG.c.subject).where(AUDIT_LOG.c.action == "contact.read")
        return list(connection.execute(asked).scalars())
