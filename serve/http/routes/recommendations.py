"""`POST /v1/recommendations`: a rep's week, or what to do about some accounts, decided once."""

from collections.abc import Sequence
from typing import Any

from fastapi import APIRouter, Request, Response
from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError
from starlette.concurrency import run_in_threadpool

from kqml.calendar.business_time import moment_of
from kqml.errors import KqmlError
from kqml.messages import text
from serve.database.idempotency import Reply
from serve.database.plans import decided_reps, objecting_of_rep, week_of_accounts, week_of_rep
from serve.http.access import WritesDecisions
from serve.http.dependencies import IdempotencyKey, ServiceOf
from serve.http.openapi import BODY_PROBLEMS, problems, request_body
from serve.http.problems import ItemError, Problem, invalid_request
from serve.http.recommendation_query import RecommendationQuery, Row, read_query
from serve.http.request_bodies import parse_body, read_json_bytes
from serve.http.routes.plans import decision_body, receipt_of
from serve.http.schemas.recommendations import RecommendationRequest, Recommendations
from serve.http.writing import Writing, as_reply, write_now, writing_of
from serve.usecases.plan_records import PlanRecord, store_plan
from serve.usecases.recommend import MOST_ACCOUNTS, DecisionContext, TooManyAccounts, decide_accounts, undecided_reason

router = APIRouter(tags=["recommendations"])


@router.post(
    "/v1/recommendations",
    summary="Recommend actions",
    response_model=Recommendations,
    responses=problems(Problem.KEY_REUSED, *BODY_PROBLEMS),
    openapi_extra=request_body(RecommendationRequest),
)
async def recommend_actions(
    request: Request, service: ServiceOf, caller: WritesDecisions, idempotency_key: IdempotencyKey = None
) -> Response:
    """What to do in a week about the accounts of a rep, or about some accounts, within the hours of their reps.

    A rep's week is decided once, by whoever asks first; later requests are answered with what was decided. Every
    decision is kept with its probability, its receipt. A week that is over is not decided any more."""
    body = await read_json_bytes(request, service.body_limit)
    return await run_in_threadpool(_recommend, writing_of(request, service, caller, body, idempotency_key))


def _recommend(writing: Writing) -> Response:
    said = parse_body(RecommendationRequest, writing.body)
    with writing.service.database.snapshot() as connection:
        asked = read_query(connection, writing, said)
        missing = asked.reps - decided_reps(connection, sorted(asked.reps), asked.name)
    made = _decided(writing, asked, missing) if missing else None
    try:
        return write_now(writing, lambda connection: _kept(connection, writing, asked, made))
    except IntegrityError:  # somebody else decided a part of it meanwhile; now it is there
        return write_now(writing, lambda connection: _kept(connection, writing, asked, None))


def _decided(writing: Writing, asked: RecommendationQuery, missing: frozenset[str]) -> PlanRecord | None:
    """The weeks that nobody decided yet. Raises ProblemError where that cannot be done any more, or at all."""
    if asked.end <= writing.now:
        return None
    deciding = DecisionContext(missing, asked.week, asked.cutoff, writing.caller.name, asked.language)
    try:
        return decide_accounts(writing.service, deciding)
    except TooManyAccounts:
        told = f"its reps have more than {MOST_ACCOUNTS} accounts; let `kqml plan --database` decide the week"
        raise invalid_request([ItemError(_pointer(asked), told)]) from None
    except KqmlError as error:
        raise invalid_request([ItemError(_pointer(asked), error.message)]) from error


def _pointer(asked: RecommendationQuery) -> str:
    return "#/accounts" if asked.rep is None else "#/rep_id"


def _kept(connection: Connection, writing: Writing, asked: RecommendationQuery, made: PlanRecord | None) -> Reply:
    """Writes what was decided, as far as nobody else did meanwhile; tells what there is now."""
    before = decided_reps(connection, sorted(asked.reps), asked.name)
    fresh = [row for row in made.decisions if row["rep_id"] not in before] if made is not None else []
    if made is not None and fresh:
        store_plan(connection, fresh, writing.now, made.learned)
    found = _found(connection, writing, asked)
    writing.facts["decisions"] = len(fresh)
    if asked.rep is not None and not found:
        raise invalid_request([ItemError("#/rep_id", _nothing(writing, asked))])
    told = [_told(row, asked) for row in found if row["objected_at"] is None]
    content = {
        "week": asked.name,
        "cutoff": moment_of(asked.cutoff, asked.zone).isoformat(),
        "decided": sorted({row["rep_id"] for row in fresh}),
        "decisions": told,
        "not_decided": list(_not_decided(asked, {one["account_id"] for one in told})),
        "objected": _objected(connection, writing, asked),
    }
    return as_reply(content)


def _found(connection: Connection, writing: Writing, asked: RecommendationQuery) -> Sequence[Row]:
    territory = writing.caller.territory
    if asked.rep is not None:
        return week_of_rep(connection, asked.rep, asked.name, territory)
    return week_of_accounts(connection, list(asked.accounts or ()), asked.name, territory)


def _nothing(writing: Writing, asked: RecommendationQuery) -> str:
    if asked.end <= writing.now:
        return f"the week {asked.name} is over, nothing was decided for {asked.rep!r} in it"
    return f"there is nothing to plan: {asked.rep!r} has no open account in {asked.name}"


def _objected(connection: Connection, writing: Writing, asked: RecommendationQuery) -> int:
    if asked.rep is not None:
        return len(objecting_of_rep(connection, asked.rep, writing.caller.territory))
    return sum(row["objected_at"] is not None for row in (asked.accounts or {}).values())


def _not_decided(asked: RecommendationQuery, told: set[str]) -> Sequence[dict[str, str]]:
    return [
        {
            "account_id": name,
            "code": undecided_reason(row),
            "text": text(f"plan.not_decided.{undecided_reason(row)}", asked.language),
        }
        for name, row in (asked.accounts or {}).items()
        if name not in told
    ]


def _told(row: Row, asked: RecommendationQuery) -> dict[str, Any]:
    more = {name: row[name] for name in ("rep_id", "probability")}
    return {**decision_body(row, asked.zone), **more, "evidence": _evidence(row, asked.language)}


def _evidence(row: Row, language: str) -> dict[str, Any] | None:
    receipt = receipt_of(row)
    if receipt is None or "actions" not in receipt:
        return None
    rests, action = receipt["evidence"], receipt["actions"][row["assigned"]]
    score = receipt["score"] or dict.fromkeys(("churn_probability", "band", "value_at_risk"))
    return {
        "code": rests["code"],
        "text": text(f"plan.evidence.{rests['code']}", language, rows=rests["rows"]),
        **{name: action[name] for name in ("basis", "effect", "score")},
        **{name: score[name] for name in ("churn_probability", "band", "value_at_risk")},
    }
