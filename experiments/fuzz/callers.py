"""Callers: anonymous, a key of every scope, users of every role, expired and revoked keys."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from kqml.calendar.business_time import DAY_US
from serve.database.engine import Database
from serve.http.csrf import HEADER
from serve.security.api_keys import NewKey, add_key
from serve.security.callers import Scope
from serve.security.key_text import make_key
from serve.security.passwords import hash_password
from serve.security.role_scopes import SCOPES_OF
from serve.security.roles import Role
from serve.security.sessions import SessionLimits, csrf_token, start_session
from serve.security.users import NewUser, add_user

COOKIE = "kqml_session"
LIMITS = SessionLimits(idle=DAY_US, absolute=DAY_US)
EVERYTHING = frozenset(Scope)
OF_THE_COMPANY = frozenset({Scope.ADMINISTER})
"""What a territory's limits turn away, whatever the scope: the audit log."""

NOTHING: frozenset[Scope] = frozenset()


@dataclass(frozen=True)
class FuzzCaller:
    """`headers`: credentials of the caller. `scopes`: its scopes; empty without valid credentials."""

    name: str
    headers: Mapping[str, str]
    scopes: frozenset[Scope]


def make_callers(database: Database, rep_id: str, manager_id: str, now: int) -> tuple[FuzzCaller, ...]:
    """Add the callers to the database. The first one has every scope and territory."""
    keys = [
        _key(database, "everything", EVERYTHING, now),
        _key(database, "everything of a rep's accounts", EVERYTHING - OF_THE_COMPANY, now, rep_id=rep_id),
        *(_key(database, scope.value, frozenset({scope}), now) for scope in Scope),
    ]
    expired = _key(database, "expired", EVERYTHING, now, expires_at=now - 1)
    strangers = [
        FuzzCaller("nobody", {}, NOTHING),
        FuzzCaller("an expired key", expired.headers, NOTHING),
        FuzzCaller("a key never made", {"authorization": f"Bearer {make_key().text}"}, NOTHING),
        FuzzCaller("no key at all", {"authorization": "Basic a3FtbDprcW1s"}, NOTHING),
        FuzzCaller("a made-up session", {"cookie": f"{COOKIE}=made-up"}, NOTHING),
    ]
    return (*keys, *_users(database, {Role.REP: rep_id, Role.MANAGER: manager_id}, now), *strangers)


def add_login(database: Database, login: str, password: str, now: int) -> None:
    """Add a user with a password."""
    with database.writing() as connection:
        add_user(connection, NewUser(login, Role.DATA_SCIENTIST, None, None), hash_password(password), now)


def _key(
    database: Database,
    name: str,
    scopes: frozenset[Scope],
    now: int,
    *,
    rep_id: str | None = None,
    expires_at: int | None = None,
) -> FuzzCaller:
    fresh = make_key()
    with database.writing() as connection:
        add_key(connection, fresh, NewKey(name, scopes, rep_id, expires_at, "fuzz"), now)
    return FuzzCaller(f"a key for {name}", {"authorization": f"Bearer {fresh.text}"}, scopes)


def _users(database: Database, reps: Mapping[Role, str], now: int) -> Iterator[FuzzCaller]:
    for role in Role:
        with database.writing() as connection:
            request = NewUser(f"the-{role.value}", role, reps.get(role), None)
            token = start_session(connection, add_user(connection, request, "no password", now), LIMITS, now)
        known = {"cookie": f"{COOKIE}={token}", HEADER: csrf_token(token)}
        yield FuzzCaller(f"a logged-in {role.value}", known, SCOPES_OF[role])
