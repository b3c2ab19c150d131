"""Who asks, what they may: the one place where every route's need is checked."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Protocol, cast

from fastapi import Depends, Request

from serve.database.territory import EVERYWHERE, Territory
from serve.http.problems import Problem, ProblemError


class Scope(StrEnum):
    """What a key or a role may be allowed to do."""

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
    """Who asks. `name`: `key:…` or `user:…` as it stands in the audit log; `role`: of a user, else empty."""

    name: str
    scopes: frozenset[Scope]
    territory: Territory = EVERYWHERE
    role: str = ""


class Access(Protocol):
    """Finds out who asks."""

    async def caller_of(self, request: Request) -> Caller:
        """Raises ProblemError (401) where nobody may ask like this."""


OPEN_CALLER = Caller("open", EVERYTHING)


@dataclass(frozen=True)
class Need:
    """What a route needs of its caller; None for routes that anybody may ask."""

    scope: Scope | None

    async def __call__(self, request: Request) -> Caller:
        """The caller. Raises ProblemError: 401 for nobody, 403 for somebody without the scope."""
        if self.scope is None:
            return NOBODY
        caller = await cast(Access, request.app.state.service.access).caller_of(request)
        if self.scope not in caller.scopes:
            raise ProblemError(Problem.FORBIDDEN, f"This call needs the scope {self.scope.value}.")
        return caller


NOBODY = Caller("nobody", frozenset())

Public = Depends(Need(None))
ReadsAccounts = Annotated[Caller, Depends(Need(Scope.READ_ACCOUNTS))]
WritesAccounts = Annotated[Caller, Depends(Need(Scope.WRITE_ACCOUNTS))]
ReadsContacts = Annotated[Caller, Depends(Need(Scope.READ_CONTACTS))]
WritesContacts = Annotated[Caller, Depends(Need(Scope.WRITE_CONTACTS))]
WritesEvents = Annotated[Caller, Depends(Need(Scope.WRITE_EVENTS))]
ReadsScores = Annotated[Caller, Depends(Need(Scope.READ_SCORES))]
ReadsDecisions = Annotated[Caller, Depends(Need(Scope.READ_DECISIONS))]
WritesDecisions = Annotated[Caller, Depends(Need(Scope.WRITE_DECISIONS))]
ReadsModel = Annotated[Caller, Depends(Need(Scope.READ_MODEL))]
ReadsMetrics = Annotated[Caller, Depends(Need(Scope.READ_METRICS))]
UsesRights = Annotated[Caller, Depends(Need(Scope.USE_RIGHTS))]
AnswersReviews = Annotated[Caller, Depends(Need(Scope.ANSWER_REVIEWS))]
Administers = Annotated[Caller, Depends(Need(Scope.ADMINISTER))]
