"""Callers of the service: their scopes and territories."""

from dataclasses import dataclass
from enum import StrEnum

from serve.database.territory import EVERYWHERE, Territory


class Scope(StrEnum):
    """A permission of a key or a role."""

    READ_ACCOUNTS = "accounts:read"
    WRITE_ACCOUNTS = "accounts:write"
    READ_CONTACTS = "contacts:read"
    SEE_PERSONAL = "contacts:personal"
    WRITE_CONTACTS = "contacts:write"
    WRITE_EVENTS = "events:write"
    READ_SCORES = "scores:read"
    READ_DECISIONS = "decisions:read"
    WRITE_DECISIONS = "decisions:write"
    USE_RIGHTS = "rights:use"
    ANSWER_REVIEWS = "reviews:answer"
    READ_MODEL = "model:read"
    READ_METRICS = "metrics:read"
    ADMINISTER = "admin"


EVERYTHING = frozenset(Scope)


@dataclass(frozen=True)
class Caller:
    """An authenticated caller. `name`: `key:…` or `user:…`, as in the audit log; `role`: of a user, else empty."""

    name: str
    scopes: frozenset[Scope]
    territory: Territory = EVERYWHERE
    role: str = ""


OPEN_CALLER = Caller("open", EVERYTHING)
"""Any process of this machine, while access is open."""

NOBODY = Caller("nobody", frozenset())
"""The caller of a public route."""
