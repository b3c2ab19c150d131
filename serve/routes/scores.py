"""`POST /v1/scores`: histories in, or ids of accounts that the store knows; churn scores out."""

from collections.abc import Iterator
from typing import Any

import orjson
from fastapi import APIRouter, Request, Response
from starlette.concurrency import run_in_threadpool

from kqml.calendar import moment_of
from kqml.logbuilding import read_instant
from serve.access import Caller, ReadsScores
from serve.bodies import parse_body, read_json_bytes
from serve.dependencies import ServiceOf
from serve.documents import problems, request_body
from serve.envelope import FACTS
from serve.histories import Histories, build_histories
from serve.problems import ItemError, Problem, invalid_request, pointer_to
from serve.schemas import ScoreAnswer, ScoreRequest
from serve.security.objections import withhold
from serve.served import LiveModel
from serve.service import Service

INLINE_BYTES = 64 * 1024
"""Bodies up to this size are answered on the event loop, which takes a few milliseconds at most: eight threads taking
turns at the interpreter answer fewer requests, each later. Larger ones go to a thread so that nobody waits for them."""

INLINE_STORED = 2
"""Accounts read from a SQLite store on the event loop: reading one takes less than a millisecond, and never waits for
the writer. PostgreSQL is another process, perhaps another machine: its answers are awaited in threads."""

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
    asked = parse_body(ScoreRequest, body) if len(body) <= INLINE_BYTES else None
    if asked is not None and _is_small(asked, service):
        return answer(service, live, caller, asked, facts)
    return await run_in_threadpool(answer_large, service, live, caller, body, facts)


def _is_small(asked: ScoreRequest, service: Service) -> bool:
    """Whether the answer takes a few milliseconds only, none of them waiting for another machine."""
    stored = sum(account.events is None for account in asked.accounts)
    return not stored or (stored <= INLINE_STORED and service.store.is_sqlite)


def answer_large(service: Service, live: LiveModel, caller: Caller, body: bytes, facts: dict[str, Any]) -> Response:
    """The same from the body's bytes."""
    return answer(service, live, caller, parse_body(ScoreRequest, body), facts)


def answer(service: Service, live: LiveModel, caller: Caller, asked: ScoreRequest, facts: dict[str, Any]) -> Response:
    """The scores of a checked body; adds its sizes and the model's version to `facts`."""
    cutoff = cutoff_of(asked, service.clock())
    by_account: dict[str, Any] = {}
    facts |= {"accounts": len(asked.accounts), "events": 0, "model": live.version}
    for histories in _histories(service, live, caller, asked, cutoff):
        facts["events"] += len(histories.log)
        language = asked.language or service.language
        scored = live.score(histories, cutoff, language, asked.reasons)
        by_account |= {score["account_id"]: score for score in withhold(scored, histories, language)}
    answered = {
        "model": {"version": live.version, "grade": live.grade},
        "as_of": moment_of(cutoff, live.score.time_zone).isoformat(),
        "scores": [by_account[account.account_id] for account in asked.accounts],
    }
    return Response(orjson.dumps(answered, option=orjson.OPT_SERIALIZE_NUMPY), media_type="application/json")


def _histories(
    service: Service, live: LiveModel, caller: Caller, asked: ScoreRequest, cutoff: int
) -> Iterator[Histories]:
    """Those of the body, those of the store. Raises ProblemError where the body or the store lacks something."""
    given = build_histories(asked.accounts, cutoff, live.score.lag_days, live.score.time_zone)
    if given.log.account_count:
        yield given
    wanted = [account.account_id for account in asked.accounts if account.events is None]
    if wanted:
        stored = service.histories.read(wanted, cutoff, caller.territory)
        if stored.log.account_count < len(wanted):
            raise invalid_request(list(_unknown(asked, set(stored.log.accounts))))
        yield stored


def _unknown(asked: ScoreRequest, known: set[str]) -> Iterator[ItemError]:
    for place, account in enumerate(asked.accounts):
        if account.events is None and account.account_id not in known:
            pointer = pointer_to(("accounts", place, "account_id"))
            yield ItemError(pointer, f"there is no account {account.account_id!r}; send its events to score it")


def cutoff_of(asked: ScoreRequest, now: int) -> int:
    """The instant asked about: `as_of`, else `now`."""
    if asked.as_of is None:
        return now
    try:
        return read_instant(asked.as_of)
    except ValueError as error:
        detail = f"{asked.as_of!r} names a day that its month does not have"
        raise invalid_request([ItemError("#/as_of", detail)]) from error
