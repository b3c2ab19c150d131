"""Authentication and the scope that each route needs."""

from dataclasses import dataclass
from typing import Annotated, Protocol, cast

from fastapi import Depends, Request

from serve.http.problems import Problem, ProblemError
from serve.http.rate_limits import RateLimiter
from serve.security.callers import NOBODY, Caller, Scope


class Access(Protocol):
    """Authenticates callers."""

    async def caller_of(self, request: Request) -> Caller:
        """Return the caller of a request. Raises ProblemError (401) without valid credentials."""


@dataclass(frozen=True)
class Need:
    """The scope that a route needs of its caller; None for public routes."""

    scope: Scope | None

    async def __call__(self, request: Request) -> Caller:
        """Return the caller. Raises ProblemError: 401 without valid credentials, 403 without the scope, 429 beyond the
        limit of requests."""
        if self.scope is None:
            return NOBODY
        service = request.app.state.service
        caller = await cast(Access, service.access).caller_of(request)
        cast(RateLimiter, service.rate_limiter).take(caller.name)
        if self.scope not in caller.scopes:
            raise ProblemError(Problem.FORBIDDEN, f"This operation requires the scope {self.scope.value}.")
        return caller


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
