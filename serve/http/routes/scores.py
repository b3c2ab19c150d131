"""`POST /v1/scores`: histories in, or ids of accounts that the database knows; churn scores out."""

from collections.abc import Iterator, Sequence
from typing import Any

import orjson
from fastapi import APIRouter, Request, Response
from starlette.concurrency import run_in_threadpool

from kqml.calendar.business_time import moment_of
from kqml.contract.scores import ScoreAnswer
from kqml.history.builders import read_instant
from serve.http.access import ReadsScores
from serve.http.dependencies import ServiceOf
from serve.http.evidence import evidence_of
from serve.http.openapi import problems, request_body
from serve.http.problems import Problem, ProblemItem, invalid_request, pointer_to
from serve.http.request_bodies import parse_body, read_json_bytes
from serve.http.request_middleware import FACTS
from serve.http.schemas.scores import ScoreRequest
from serve.http.service_state import Service
from serve.security.callers import Caller
from serve.usecases.request_histories import Histories, build_histories
from serve.usecases.served_model import LiveModel
from serve.usecases.withheld_scores import withhold_scores

INLINE_BYTES = 64 * 1024
"""Bodies up to this size are answered on the event loop, which takes a few milliseconds at most: eight threads taking
turns at the interpreter answer fewer requests, each later. Larger ones go to a thread so that nobody waits for them."""

INLINE_STORED = 2
"""Accounts whose score from the database is worked out on the event loop. SQLite is read there, too: it takes less
than a
millisecond, and never waits for the writer. PostgreSQL is another process, perhaps another machine: its answers are
awaited in threads."""

router = APIRouter()


@router.post(
    "/v1/scores",
    summary="Score the churn of accounts",
    response_model=ScoreAnswer,
    responses=problems(
        Problem.INVALID_JSON,
        Problem.TOO_SLOW,
        Problem.TOO_LARGE,
        Problem.UNSUPPORTED_MEDIA_TYPE,
        Problem.INVALID_REQUEST,
        Problem.NO_MODEL,
    ),
    openapi_extra=request_body(ScoreRequest),
)
async def score_accounts(request: Request, service: ServiceOf, caller: ReadsScores) -> Response:
    """How likely each account is to stop ordering, with reasons. Nothing is stored.

    An account with `events` is scored by that history, one without by the stored one. Without `as_of` the cutoff is
    now. Every faulty item of the body is listed in one 422; nothing is scored then."""
    body = await read_json_bytes(request, service.body_limit)
    facts: dict[str, Any] = request.scope[FACTS]
    live = service.live_model()
    if len(body) > INLINE_BYTES:
        return await run_in_threadpool(lambda: answer_whole(ScoreQuestion(service, live, caller, parsed(body)), facts))
    question = ScoreQuestion(service, live, caller, parsed(body))
    if len(question.wanted) > INLINE_STORED:
        return await run_in_threadpool(answer_whole, question, facts)
    if not question.wanted or service.database.is_sqlite:
        return answer_whole(question, facts)
    given = question.given()
    return answer(question, (given, await run_in_threadpool(question.stored)), facts)


def parsed(body: bytes) -> ScoreRequest:
    """The body, checked."""
    return parse_body(ScoreRequest, body)


class ScoreQuestion:
    """What a checked body asks of a model at one instant. `wanted`: accounts of the database."""

    def __init__(self, service: Service, live: LiveModel, caller: Caller, request: ScoreRequest) -> None:
        self.live = live
        self.request = request
        self.cutoff = cutoff_of(request, service.clock())
        self.language = request.language or service.language
        self.wanted = [account.account_id for account in request.accounts if account.events is None]
        self._histories = service.histories
        self._territory = caller.territory

    def given(self) -> Histories:
        """The histories in the body. Raises ProblemError where they have faults."""
        return build_histories(self.request.accounts, self.cutoff, self.live.score.lag_days, self.live.score.time_zone)

    def stored(self) -> Histories:
        """Those of the database. Raises ProblemError where it lacks an account."""
        stored = self._histories.read(self.wanted, self.cutoff, self._territory)
        if stored.log.account_count < len(self.wanted):
            raise invalid_request(list(_unknown(self.request, set(stored.log.accounts))))
        return stored


def answer_whole(question: ScoreQuestion, facts: dict[str, Any]) -> Response:
    """The answer in one go."""
    given = question.given()
    return answer(question, (given, question.stored()) if question.wanted else (given,), facts)


def answer(question: ScoreQuestion, parts: Sequence[Histories], facts: dict[str, Any]) -> Response:
    """The scores of the histories; adds their sizes and the model's version to `facts`."""
    live, cutoff, language = question.live, question.cutoff, question.language
    zone = live.score.time_zone
    by_account: dict[str, Any] = {}
    facts |= {"accounts": len(question.request.accounts), "events": sum(len(part.log) for part in parts)}
    facts["model"] = live.version
    for histories in parts:
        if histories.log.account_count:
            scored = live.score(histories, cutoff, language, question.request.reasons)
            result = zip(
                withhold_scores(scored, histories, language), evidence_of(histories, cutoff, zone), strict=True
            )
            by_account |= {score["account_id"]: {**score, "evidence": evidence} for score, evidence in result}
    answered = {
        "model": {"version": live.version, "grade": live.grade},
        "as_of": moment_of(cutoff, zone).isoformat(),
        "scores": [by_account[account.account_id] for account in question.request.accounts],
    }
    return Response(orjson.dumps(answered, option=orjson.OPT_SERIALIZE_NUMPY), media_type="application/json")


def _unknown(request: ScoreRequest, known: set[str]) -> Iterator[ProblemItem]:
    for place, account in enumerate(request.accounts):
        if account.events is None and account.account_id not in known:
            pointer = pointer_to(("accounts", place, "account_id"))
            yield ProblemItem(pointer, f"there is no account {account.account_id!r}; send its events to score it")


def cutoff_of(request: ScoreRequest, now: int) -> int:
    """The instant asked about: `as_of`, else `now`."""
    if request.as_of is None:
        return now
    try:
        return read_instant(request.as_of)
    except ValueError as error:
        detail = f"{request.as_of!r} names a day that its month does not have"
        raise invalid_request([ProblemItem("#/as_of", detail)]) from error
