"""A small company with callers that the store knows."""

from dataclasses import dataclass, field
from datetime import UTC, datetime

from sqlalchemy import insert

from kqml.calendar import instant_of
from serve.access import Scope
from serve.security.key_records import KeyWish, add_key
from serve.security.keys import make_key
from serve.security.roles import Role
from serve.security.sessions import SessionLimits, csrf_token, start_session
from serve.security.user_records import UserWish, add_user
from serve.store.engine import Store
from serve.store.tables import ACCOUNTS, REPS

SECOND = 1_000_000
LIMITS = SessionLimits(idle=120 * 60 * SECOND, absolute=12 * 3600 * SECOND)
COOKIE = "kqml_session"
NOW = instant_of(datetime(2024, 3, 20, tzinfo=UTC))

REPS_OF = {"r1": "m1", "r2": "m1", "r3": "m2", "m1": None, "m2": None}
OWNERS = {"a1": "r1", "a2": "r2", "a3": "r3", "a4": None}


@dataclass
class Clock:
    """The time that a test sets."""

    now: int = NOW

    def __call__(self) -> int:
        return self.now

    def forward(self, seconds: float) -> None:
        self.now += round(seconds * SECOND)


@dataclass
class Company:
    """The store with its callers. Sessions and keys are made when first asked for."""

    store: Store
    clock: Clock
    passwords: dict[str, str] = field(default_factory=dict)

    def key(self, *scopes: Scope, rep_id: str | None = None, expires_at: int | None = None) -> str:
        fresh = make_key()
        with self.store.writing() as connection:
            add_key(connection, fresh, KeyWish("test", frozenset(scopes), rep_id, expires_at, "test"), self.clock())
        return fresh.text

    def user(self, role: Role, rep_id: str | None = None, login: str = "") -> str:
        wish = UserWish(login or f"{role.value}-{rep_id}", role, rep_id, None)
        with self.store.writing() as connection:
            return add_user(connection, wish, "no password", self.clock())

    def session(self, user_id: str) -> str:
        with self.store.writing() as connection:
            return start_session(connection, user_id, LIMITS, self.clock())


def bearer(key: str) -> dict[str, str]:
    return {"authorization": f"Bearer {key}"}


def logged_in(token: str) -> dict[str, str]:
    return {"cookie": f"{COOKIE}={token}", "x-csrf-token": csrf_token(token)}


def fill(store: Store) -> None:
    """Five reps below two managers, an account each of the three that sell, one of nobody's."""
    with store.writing() as connection:
        reps = [
            {"rep_id": rep, "manager_id": manager, "version": 1, "updated_at": NOW} for rep, manager in REPS_OF.items()
        ]
        connection.execute(insert(REPS), reps)
        common = {"described": True, "version": 1, "updated_at": NOW, "status": "active", "tier": "B"}
        accounts = [{"account_id": name, "owner_rep_id": owner, **common} for name, owner in OWNERS.items()]
        connection.execute(insert(ACCOUNTS), accounts)
