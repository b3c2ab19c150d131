"""Whoever asks: nobody, a key of every scope, users of every role, keys that no longer count."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from kqml.calendar.business_time import DAY_US
from serve.database.engine import Store
from serve.http.access import Scope
from serve.http.csrf import HEADER
from serve.security.api_keys import KeyWish, add_key
from serve.security.key_text import make_key
from serve.security.passwords import hash_password
from serve.security.roles import SCOPES_OF, Role
from serve.security.sessions import SessionLimits, csrf_token, start_session
from serve.security.users import UserWish, add_user

COOKIE = "kqml_session"
LIMITS = SessionLimits(idle=DAY_US, absolute=DAY_US)
EVERYTHING = frozenset(Scope)
OF_THE_COMPANY = frozenset({Scope.ADMINISTER})
"""What a territory's limits turn away, whatever the scope: the audit log."""

NOTHING: frozenset[Scope] = frozenset()


@dataclass(frozen=True)
class Caller:
    """`headers`: by which the service knows the caller. `scopes`: what the caller may; none where nobody is known."""

    name: str
    headers: Mapping[str, str]
    scopes: frozenset[Scope]


def make_callers(store: Store, rep_id: str, manager_id: str, now: int) -> tuple[Caller, ...]:
    """Adds to the store whoever it shall know. The first one may do everything everywhere."""
    keys = [
        _key(store, "everything", EVERYTHING, now),
        _key(store, "everything of a rep's accounts", EVERYTHING - OF_THE_COMPANY, now, rep_id=rep_id),
        *(_key(store, scope.value, frozenset({scope}), now) for scope in Scope),
    ]
    expired = _key(store, "expired", EVERYTHING, now, expires_at=now - 1)
    strangers = [
        Caller("nobody", {}, NOTHING),
        Caller("an expired key", expired.headers, NOTHING),
        Caller("a key never made", {"authorization": f"Bearer {make_key().text}"}, NOTHING),
        Caller("no key at all", {"authorization": "Basic a3FtbDprcW1s"}, NOTHING),
        Caller("a made-up session", {"cookie": f"{COOKIE}=made-up"}, NOTHING),
    ]
    return (*keys, *_users(store, {Role.REP: rep_id, Role.MANAGER: manager_id}, now), *strangers)


def add_login(store: Store, login: str, password: str, now: int) -> None:
    """Adds a user who can log in."""
    with store.writing() as connection:
        add_user(connection, UserWish(login, Role.DATA_SCIENTIST, None, None), hash_password(password), now)


def _key(
    store: Store,
    name: str,
    scopes: frozenset[Scope],
    now: int,
    *,
    rep_id: str | None = None,
    expires_at: int | None = None,
) -> Caller:
    fresh = make_key()
    with store.writing() as connection:
        add_key(connection, fresh, KeyWish(name, scopes, rep_id, expires_at, "fuzz"), now)
    return Caller(f"a key for {name}", {"authorization": f"Bearer {fresh.text}"}, scopes)


def _users(store: Store, reps: Mapping[Role, str], now: int) -> Iterator[Caller]:
    for role in Role:
        with store.writing() as connection:
            wish = UserWish(f"the-{role.value}", role, reps.get(role), None)
            token = start_session(connection, add_user(connection, wish, "no password", now), LIMITS, now)
        known = {"cookie": f"{COOKIE}={token}", HEADER: csrf_token(token)}
        yield Caller(f"a logged-in {role.value}", known, SCOPES_OF[role])
