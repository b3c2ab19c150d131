"""`POST /v1/scores`: histories in, churn scores out."""

from typing import Any

import orjson
from fastapi import APIRouter, Request, Response
from starlette.concurrency import run_in_threadpool

from kqml.calendar import moment_of
from kqml.logbuilding import read_instant
from serve.bodies import parse_body, read_json_bytes
from serve.dependencies import ServiceOf
from serve.documents import problems, request_body
from serve.envelope import FACTS
from serve.histories import build_histories
from serve.problems import ItemError, Problem, invalid_request
from serve.schemas import ScoreAnswer, ScoreRequest
from serve.service import Service

INLINE_BYTES = 64 * 1024
"""Bodies up to this size are answered on the event loop, which takes a few milliseconds at most: eight threads taking
turns at the interpreter answer fewer requests, each later. Larger ones go to a thread so that nobody waits for them."""

router = APIRouter()


@router.post(
    "/v1/scores",
    summary="Score the churn of accounts",
    response_model=ScoreAnswer,
    responses=problems(
        Problem.INVALID_JSON,
        Problem.TOO_LARGE,
        Problem.UNSUPPORTED_MEDIA_TYPE,
        Problem.INVALID_REQUEST,
        Problem.NO_MODEL,
    ),
    openapi_extra=request_body(ScoreRequest),
)
async def score_accounts(request: Request, service: ServiceOf) -> Response:
    """How likely each account is to stop ordering, with reasons, from the history in the body. Nothing is stored.

    Without `as_of` the cutoff is now. Every faulty item of the body is listed in one 422; nothing is scored then."""
    body = await read_json_bytes(request, service.body_limit)
    facts: dict[str, Any] = request.scope[FACTS]
    if len(body) <= INLINE_BYTES:
        return answer(service, body, facts)
    return await run_in_threadpool(answer, service, body, facts)


def answer(service: Service, body: bytes, facts: dict[str, Any]) -> Response:
    """The scores of a body; adds its sizes and the model's version to `facts`."""
    live = service.live_model()
    asked = parse_body(ScoreRequest, body)
    cutoff = cutoff_of(asked, service.clock())
    histories = build_histories(asked.accounts, cutoff, live.score.lag_days, live.score.time_zone)
    facts |= {"accounts": len(asked.accounts), "events": len(histories.log), "model": live.version}
    scored = live.score(histories, cutoff, asked.language or service.language, asked.reasons)
    by_account = {score["account_id"]: score for score in scored}
    answered = {
        "model": {"version": live.version, "grade": live.grade},
        "as_of": moment_of(cutoff, live.score.time_zone).isoformat(),
        "scores": [by_account[account.account_id] for account in asked.accounts],
    }
    return Response(orjson.dumps(answered, option=orjson.OPT_SERIALIZE_NUMPY), media_type="application/json")


def cutoff_of(asked: ScoreRequest, now: int) -> int:
    """The instant asked about: `as_of`, else `now`."""
    if asked.as_of is None:
        return now
    try:
        return read_instant(asked.as_of)
    except ValueError as error:
        detail = f"{asked.as_of!r} names a day that its month does not have"
        raise invalid_request([ItemError("#/as_of", detail)]) from error
