"""Nobody sees or changes what is not theirs: every route, asked with the ids of others."""

import re
from typing import Any

import pytest
from access_samples import RULES, SAMPLES, Sample, ask
from security_company import bearer, logged_in
from sqlalchemy import select

from serve.database.tables import METADATA
from serve.security.callers import Scope
from serve.security.role_scopes import SCOPES_OF
from serve.security.roles import Role
from serve.security.territories import own_territory, team_territory

IDS = re.compile(r"^([acdver])\d$")
WITH_IDS = [name for name in RULES if "{" in name or SAMPLES[name].json not in (None, {})]
READS = [name for name in WITH_IDS if name.startswith("GET") or name == "POST /v1/scores"]
HOLDING_ACCOUNTS = ("GET /v1/accounts", "GET /v1/decisions", "GET /v1/reps", "GET /v1/reviews", "GET /v1/scores")
EXPORTS = ("GET /v1/exports/plans", "GET /v1/exports/scores")
LISTS = [name for name in RULES if name in HOLDING_ACCOUNTS]
UPSERTS = {
    "POST /v1/accounts",
    "PUT /v1/accounts/{account_id}",
    "POST /v1/contacts",
    "PUT /v1/contacts/{contact_id}",
    "POST /v1/reps",
    "PUT /v1/reps/{rep_id}",
}
"""What is not there is made by them, so they cannot answer the same for what is others'."""

NOWHERE = "8"
MINE, TEAMS, OTHERS, NOBODYS = "1", "2", "3", "4"
UNCHANGING = [
    table for table in METADATA.sorted_tables if table.name not in ("api_keys", "users", "sessions", "erasing")
]


def swapped(value: Any, number: str) -> Any:
    """The same with the ids of another account's records."""
    if isinstance(value, dict):
        return {name: swapped(item, number) for name, item in value.items()}
    if isinstance(value, list):
        return [swapped(item, number) for item in value]
    return IDS.sub(rf"\g<1>{number}", value) if isinstance(value, str) else value


def about(name: str, number: str) -> Sample:
    sample = SAMPLES[name]
    return Sample(swapped(sample.path, number), swapped(sample.json, number), sample.query, sample.headers)


def contents(database):
    with database.snapshot() as connection:
        return {table.name: connection.execute(select(table)).all() for table in UNCHANGING}


def told(answer, number: str) -> tuple[int, str]:
    """Status and body without the id that was asked for and the id of the request."""
    plain = answer.text.replace(answer.headers["x-request-id"], "")
    return answer.status_code, re.sub(rf"\b([acdver]){number}\b", r"\1#", plain)


@pytest.mark.parametrize("number", [TEAMS, OTHERS, NOBODYS])
def test_what_is_others_is_as_if_it_were_not_there(client, company, number):
    mine = bearer(company.key(*Scope, rep_id="r1"))
    before = contents(company.database)
    for name in WITH_IDS:
        answer = ask(client, name, about(name, number), mine)
        assert answer.status_code in (404, 422), (name, answer.text)
        assert contents(company.database) == before, name
        if name in UPSERTS:
            continue
        assert told(answer, number) == told(ask(client, name, about(name, NOWHERE), mine), NOWHERE), name


def test_what_is_ones_own_is_answered(client, company):
    mine = bearer(company.key(*Scope, rep_id="r1"))
    allowed = [name for name in WITH_IDS if "reps" not in name or name.startswith("GET")]
    for name in sorted(allowed, key=lambda name: name.startswith("DELETE")):
        answer = ask(client, name, about(name, MINE), mine)
        assert answer.status_code in (200, 201), (name, answer.text)


SEEN = {
    (Role.REP, "r1"): {MINE},
    (Role.MANAGER, "m1"): {MINE, TEAMS},
    (Role.MANAGER, "m2"): {OTHERS},
    (Role.REP, None): set(),
    (Role.MANAGER, None): set(),
    (Role.DATA_SCIENTIST, "r1"): {MINE, TEAMS, OTHERS, NOBODYS},
    (Role.ADMIN, None): {MINE, TEAMS, OTHERS, NOBODYS},
}
WHO = list(SEEN)


@pytest.mark.parametrize("who", WHO, ids=str)
def test_every_role_reads_its_territory_only(client, company, who):
    session = logged_in(company.session(company.user(*who)))
    held = [name for name in READS if RULES[name] in SCOPES_OF[who[0]] and "{rep_id}" not in name]
    assert held
    for name in held:
        found = {
            number: ask(client, name, about(name, number), session).status_code
            for number in (MINE, TEAMS, OTHERS, NOBODYS)
        }
        missing = 422 if name == "POST /v1/scores" else 404
        assert found == {number: 200 if number in SEEN[who] else missing for number in found}, name


def test_lists_hold_the_territory_only(client, company):
    for who in WHO:
        session = logged_in(company.session(company.user(*who)))
        for name in [name for name in LISTS if RULES[name] in SCOPES_OF[who[0]]]:
            letter = "r" if name == "GET /v1/reps" else "a"
            seen = {number for number in SEEN[who] if letter == "a" or number != NOBODYS}
            answer = ask(client, name, SAMPLES[name], session)
            assert set(re.findall(rf'"{letter}(\d)"', answer.text)) == seen, (who, name)


def test_exports_hold_the_territory_only(client, company):
    for who in WHO:
        session = logged_in(company.session(company.user(*who)))
        for name in [name for name in EXPORTS if RULES[name] in SCOPES_OF[who[0]]]:
            answer = ask(client, name, SAMPLES[name], session)
            assert answer.status_code == 200, answer.text
            assert set(re.findall(r'"a(\d)"', answer.text)) == SEEN[who], (who, name)


def test_a_filter_does_not_open_the_territory(client, company):
    mine = bearer(company.key(*Scope, rep_id="r1"))
    for query in ({"rep": "r2"}, {"rep": ["r1", "r2"]}, {"sort": "account_id", "limit": 1}):
        found = client.get("/v1/accounts", params=query, headers=mine).json()
        assert {account["account_id"] for account in found["accounts"]} <= {"a1"}


def test_an_account_cannot_be_taken_from_or_given_to_others(client, company):
    mine = bearer(company.key(*Scope, rep_id="r1"))
    taken = client.put("/v1/accounts/a2", json={"owner_rep_id": "r1"}, headers=mine)
    given = client.put("/v1/accounts/a1", json={"owner_rep_id": "r2"}, headers=mine)
    moved = client.put("/v1/contacts/c2", json={"account_id": "a1"}, headers=mine)
    assert [answer.status_code for answer in (taken, given, moved)] == [404, 422, 422]
    assert client.get("/v1/accounts/a1", headers=mine).json()["owner_rep_id"] == "r1"


def test_a_team_is_everybody_below_even_where_managers_name_each_other(company):
    with company.database.writing() as connection:
        reps = METADATA.tables["reps"]
        connection.execute(reps.update().where(reps.c.rep_id == "m1").values(manager_id="m2"))
        connection.execute(reps.update().where(reps.c.rep_id == "m2").values(manager_id="m1"))
        assert team_territory(connection, "m2").reps == {"m1", "m2", "r1", "r2", "r3"}
        assert team_territory(connection, "r1").reps == {"r1"}
        assert team_territory(connection, None).reps == own_territory(None).reps == frozenset()
