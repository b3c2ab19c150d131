"""`POST /v1/scores`: score accounts by their histories in the body or in the database."""

from typing import Any

import orjson
from fastapi import APIRouter, Request, Response
from starlette.concurrency import run_in_threadpool

from kqml.contract.scores import ScoreAnswer
from kqml.history.builders import read_instant
from serve.http.access import ReadsScores
from serve.http.dependencies import ServiceOf
from serve.http.openapi import problems, request_body
from serve.http.problems import Problem, ProblemItem, invalid_request
from serve.http.request_bodies import parse_body, read_json_bytes
from serve.http.request_middleware import FACTS
from serve.http.schemas.scores import ScoreRequest
from serve.http.service_state import Service
from serve.security.callers import Caller
from serve.usecases.database_histories import LongHistories
from serve.usecases.score_accounts import (
    ScoreAccountsRequest,
    ScoreAccountsResult,
    given_histories,
    score_accounts,
    score_histories,
    stored_histories,
)
from serve.usecases.served_model import LiveModel

INLINE_BYTES = 64 * 1024
"""Bodies up to this size are answered on the event loop, which takes a few milliseconds at most: eight threads that
share the interpreter answer fewer requests, each later. Larger ones go to a thread, so that others do not wait."""

INLINE_EVENTS = 2_000
"""Accounts with more stored events are scored in a thread: 5,000 take 30 ms."""

INLINE_STORED = 2
"""Up to so many accounts are scored from the database on the event loop. SQLite is read there too: it takes less than a
millisecond and never waits for the writer. PostgreSQL is another process, maybe on another machine: its responses are
awaited in threads."""

router = APIRouter(tags=["scores"])


@router.post(
    "/v1/scores",
    name="score_accounts",
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
async def score_the_accounts(request: Request, service: ServiceOf, caller: ReadsScores) -> Response:
    """The churn probability of each account, with reasons. Nothing is stored.

    An account with `events` is scored by that history, one without by the stored one. Without `as_of` the cutoff is
    now. A body with faulty items is answered with one 422 that lists all of them; nothing is scored then.
    """
    body = await read_json_bytes(request, service.body_limit)
    facts: dict[str, Any] = request.scope[FACTS]
    live = service.live_model()
    if len(body) > INLINE_BYTES:
        return await run_in_threadpool(lambda: _answer(service, _request(service, live, caller, body), facts))
    question = _request(service, live, caller, body)
    if len(question.database_ids) > INLINE_STORED:
        return await run_in_threadpool(_answer, service, question, facts)
    if not question.database_ids or service.database.is_sqlite:
        try:
            return _answer(service, question, facts, INLINE_EVENTS)
        except LongHistories:
            return await run_in_threadpool(_answer, service, question, facts)
    given = given_histories(question)
    stored = await run_in_threadpool(stored_histories, question, service.histories)
    return _response(question, score_histories(question, [given, stored]), facts)


def _request(service: Service, live: LiveModel, caller: Caller, body: bytes) -> ScoreAccountsRequest:
    """The request of the use case. Raises ProblemError where the body is invalid."""
    text, now = parse_body(ScoreRequest, body), service.clock()
    return ScoreAccountsRequest(
        model=live,
        accounts=text.accounts_to_score,
        cutoff=cutoff_of(text, now),
        now=now,
        language=text.language or service.language,
        reasons=text.reasons,
        territory=caller.territory,
    )


def _answer(
    service: Service, question: ScoreAccountsRequest, facts: dict[str, Any], inline_events: int | None = None
) -> Response:
    return _response(question, score_accounts(question, service.histories, inline_events), facts)


def _response(question: ScoreAccountsRequest, result: ScoreAccountsResult, facts: dict[str, Any]) -> Response:
    """The response; adds the sizes of the request and the model's version to `facts`."""
    facts |= {"accounts": len(question.accounts), "events": result.events, "model": question.model.version}
    return Response(orjson.dumps(result.answer, option=orjson.OPT_SERIALIZE_NUMPY), media_type="application/json")


def cutoff_of(request: ScoreRequest, now: int) -> int:
    """Return `as_of` as an instant, else `now`. Raises ProblemError on an impossible date."""
    if request.as_of is None:
        return now
    try:
        return read_instant(request.as_of)
    except ValueError as error:
        detail = f"{request.as_of!r} is not a valid date"
        raise invalid_request([ProblemItem("#/as_of", detail)]) from error
