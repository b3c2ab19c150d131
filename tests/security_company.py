"""A small company with callers that the database knows."""

from dataclasses import dataclass, field
from datetime import UTC, datetime

from sqlalchemy import Connection, insert

from kqml.calendar.business_time import instant_of
from serve.database.decisions import add_decisions
from serve.database.engine import Database
from serve.database.scores import record_scores
from serve.database.tables import ACCOUNTS, CONTACTS, EVENTS, REPS, REVIEWS
from serve.security.api_keys import NewKey, add_key
from serve.security.callers import Scope
from serve.security.contact_vault import ContactVault
from serve.security.encryption import Cipher
from serve.security.key_text import make_key
from serve.security.roles import Role
from serve.security.sessions import SessionLimits, csrf_token, start_session
from serve.security.users import NewUser, add_user

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
    """The database with its callers. Sessions and keys are made when first asked for."""

    database: Database
    clock: Clock
    passwords: dict[str, str] = field(default_factory=dict)

    def key(self, *scopes: Scope, rep_id: str | None = None, expires_at: int | None = None) -> str:
        fresh = make_key()
        with self.database.writing() as connection:
            add_key(connection, fresh, NewKey("test", frozenset(scopes), rep_id, expires_at, "test"), self.clock())
        return fresh.text

    def user(self, role: Role, rep_id: str | None = None, login: str = "") -> str:
        wish = NewUser(login or f"{role.value}-{rep_id}", role, rep_id, None)
        with self.database.writing() as connection:
            return add_user(connection, wish, "no password", self.clock())

    def session(self, user_id: str) -> str:
        with self.database.writing() as connection:
            return start_session(connection, user_id, LIMITS, self.clock())


def bearer(key: str) -> dict[str, str]:
    return {"authorization": f"Bearer {key}"}


def logged_in(token: str) -> dict[str, str]:
    return {"cookie": f"{COOKIE}={token}", "x-csrf-token": csrf_token(token)}


DECISION = {
    "week": "2024-W12",
    "cutoff": NOW,
    "policy": "p1",
    "playbook": "pharmacy",
    "model": "3",
    "assigned": "visit",
    "eligible": '["visit","wait"]',
    "blocked": '{"call":"cooldown"}',
    "explored": True,
}
SCORE = {
    "cutoff": NOW,
    "model": "3",
    "scored_at": NOW,
    "eligible": True,
    "churn_probability": 0.25,
    "band": "raised",
    "reasons": '[{"code":"longer_silent","direction":"rising","contribution":0.5,"text":"已 40 天没有订货"}]',
    "warnings": "[]",
    **dict.fromkeys(("value_at_risk", "before_cutoff", "before_model")),
    **dict.fromkeys(("change_calendar", "change_data", "change_model")),
}


def fill(database: Database, cipher: Cipher) -> None:
    """Five reps below two managers, an account each of the three that sell, one of nobody's. Of account a1 (and so on)
    there are contact c1, decision d1, review v1, event e1, a score."""
    numbers = [name[1:] for name in OWNERS]
    with database.writing() as connection:
        known = {"version": 1, "updated_at": NOW}
        reps = [{"rep_id": rep, "manager_id": manager, **known} for rep, manager in REPS_OF.items()]
        connection.execute(insert(REPS), reps)
        common = {"described": True, "status": "active", "tier": "B", **known}
        accounts = [{"account_id": name, "owner_rep_id": owner, **common} for name, owner in OWNERS.items()]
        connection.execute(insert(ACCOUNTS), accounts)
        _fill_with_people(connection, ContactVault(cipher), numbers, known)
        add_decisions(connection, [{**DECISION, **_of(n, "decision")} for n in numbers], NOW)
        record_scores(connection, [{**SCORE, "account_id": f"a{n}"} for n in numbers])
        facts = {"kind": "visit", "occurred_at": NOW - SECOND, "known_at": NOW, "received_at": NOW}
        connection.execute(insert(EVENTS), [{**facts, **_of(n, "event")} for n in numbers])
        review = {"asked_at": NOW, "asked_by": "test"}
        connection.execute(insert(REVIEWS), [{**review, **_of(n, "review")} for n in numbers])


LETTERS = {"decision": "d", "event": "e", "review": "v", "contact": "c"}


def _of(number: str, kind: str) -> dict[str, str]:
    return {f"{kind}_id": f"{LETTERS[kind]}{number}", "account_id": f"a{number}"}


def _fill_with_people(connection: Connection, vault: ContactVault, numbers: list[str], known: dict[str, int]) -> None:
    people = [{**_of(n, "contact"), "name": f"王{n}", "phone": f"1380000000{n}", "role": "owner"} for n in numbers]
    connection.execute(insert(CONTACTS), [{**person, **known} for person in vault.seal(connection, people)])
