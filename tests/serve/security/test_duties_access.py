"""Duties are those of the caller's accounts; personal days are for whoever may see what is personal."""

import json

import pytest
from security_company import NOW, SECOND, bearer, logged_in
from sqlalchemy import insert, select, update

from serve.database.tables import AUDIT_LOG, CONTACTS, DUTIES_DECLARED, EVENTS
from serve.security.callers import Scope
from serve.security.contact_vault import ContactVault
from serve.security.roles import Role

DAY = 86_400 * SECOND


@pytest.fixture
def promised(client, company):
    """In every account a promise is overdue, a child was born, contact c1 (and so on) has a birthday."""
    vault = ContactVault(client.app.state.service.cipher)
    common = {"occurred_at": NOW - 9 * DAY, "known_at": NOW - 9 * DAY, "received_at": NOW}
    born = {"kind": "life_event", "attributes": json.dumps({"topic": "milestone"})}
    with company.database.writing() as connection:
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
    with company.database.reading() as connection:
        asked = select(AUDIT_LOG.c.subject).where(AUDIT_LOG.c.action == "contact.read")
        return list(connection.execute(asked).scalars())


def say(client, headers, row, **more):
    """Says that a duty of the list is done."""
    saying = {"duty_id": row["duty_id"], "account_id": row["account_id"], "rep_id": row["rep_id"], "state": "done"}
    return client.post("/v1/duties/status", json={"duties": [{**saying, **more}]}, headers=headers)


def test_nobody_says_what_became_of_duties_of_others(client, promised):
    """Neither by the account of others nor by an own one, as little as by a rep of others."""
    row = next(row for row in told(client, logged_in(promised.session(promised.user(Role.ADMIN)))) if of(row, "a3"))
    stranger = bearer(promised.key(*Scope, rep_id="r1"))
    for more in ({}, {"account_id": "a1"}, {"account_id": None, "rep_id": "r3"}, {"account_id": "none"}):
        answer = say(client, stranger, row, **more)
        assert answer.status_code == 422, answer.text
        details = [error["detail"] for error in answer.json()["errors"]]
        assert len(details) == 1
        assert ("'a3'" in details[0]) == (more == {})
    missing = say(client, stranger, row, account_id="no-such").json()["errors"][0]["detail"]
    assert say(client, stranger, row).json()["errors"][0]["detail"] == missing.replace("no-such", "a3")
    assert next(one["declared"] for one in told(client, bearer(promised.key(*Scope))) if of(one, "a3")) is None


def of(row, account):
    return row["account_id"] == account and row["duty"] == "promise"


def test_who_says_it_is_told_and_noted(client, promised, clock):
    user = promised.user(Role.REP, "r1")
    headers = logged_in(promised.session(user))
    row = next(row for row in told(client, headers) if of(row, "a1"))
    clock.forward(60)
    assert say(client, headers, row).json() == {"added": 1, "known": 0}
    clock.forward(60)
    (after,) = [row for row in told(client, headers) if of(row, "a1")]
    assert (after["state"], after["must"], after["declared"]["by"]) == ("done", False, f"user:{user}")
    with promised.database.reading() as connection:
        asked = select(AUDIT_LOG).where(AUDIT_LOG.c.action == "POST /v1/duties/status")
        (noted,) = connection.execute(asked).mappings()
    assert (noted["actor"], json.loads(noted["details"])) == (f"user:{user}", {"duties": 1, "ids": [row["duty_id"]]})


def test_a_person_s_day_is_declared_without_words_by_whoever_may_see_it(client, promised, clock):
    """What the database keeps of it names nobody."""
    sees = bearer(promised.key(Scope.READ_ACCOUNTS, Scope.WRITE_DECISIONS, Scope.SEE_PERSONAL, rep_id="r1"))
    row = next(row for row in told(client, sees) if row["duty"] == "birthday")
    blind = bearer(promised.key(Scope.READ_ACCOUNTS, Scope.WRITE_DECISIONS, rep_id="r1"))
    assert "is not a duty in" in say(client, blind, row).text
    assert "when the person is erased" in say(client, sees, row, note="王 had a cake").text
    assert say(client, sees, row).json() == {"added": 1, "known": 0}
    with promised.database.reading() as connection:
        (kept,) = connection.execute(select(DUTIES_DECLARED)).mappings()
    assert {name: kept[name] for name in ("owner", "duty", "note")} == {
        "owner": "a1",
        "duty": "birthday",
        "note": None,
    }
    assert "c1" not in {str(value) for value in kept.values()}
