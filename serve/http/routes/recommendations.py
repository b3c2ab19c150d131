"""`POST /v1/recommendations`: a rep's week, or what to do about some accounts, decided once."""

from collections.abc import Sequence
from typing import Any

from fastapi import APIRouter, Request, Response
from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError
from starlette.concurrency import run_in_threadpool

from kqml.calendar.business_time import moment_of
from kqml.contract.recommendations import Recommendations
from kqml.errors import KqmlError
from kqml.messages import text
from models.policy.planning.claims import evidence_text
from serve.database.idempotency import Reply
from serve.database.plans import decided_reps, objecting_of_rep, week_of_accounts, week_of_rep
from serve.http.access import WritesDecisions
from serve.http.dependencies import IdempotencyKey, ServiceOf
from serve.http.openapi import BODY_PROBLEMS, problems, request_body
from serve.http.problems import Problem, ProblemItem, invalid_request
from serve.http.recommendation_query import RecommendationQuery, Row, read_query, undecided_reason
from serve.http.request_bodies import parse_body, read_json_bytes
from serve.http.routes.plans import decision_body, receipt_of
from serve.http.schemas.recommendations import RecommendationRequest
from serve.http.writing import Writing, as_reply, write_now, writing_of
from serve.usecases.plan_records import PlanRecord, store_plan
from serve.usecases.plan_week import plan_week
from serve.usecases.planning_inputs import MOST_ACCOUNTS, TooManyAccounts
from serve.usecases.planning_request import PlanWeekRequest

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
    message = parse_body(RecommendationRequest, writing.body)
    with writing.service.database.snapshot() as connection:
        request = read_query(connection, writing, message)
        missing = request.reps - decided_reps(connection, sorted(request.reps), request.name)
    output = _decided(writing, request, missing) if missing else None
    try:
        return write_now(writing, lambda connection: _retained(connection, writing, request, output))
    except IntegrityError:  # somebody else decided a part of it meanwhile; now it is there
        return write_now(writing, lambda connection: _retained(connection, writing, request, None))


def _decided(writing: Writing, query: RecommendationQuery, missing: frozenset[str]) -> PlanRecord | None:
    """The weeks that nobody decided yet. Raises ProblemError where that cannot be done any more, or at all."""
    if query.end <= writing.now:
        return None
    try:
        result = plan_week(writing.service.database, _plan_request(writing, query, missing), writing.now)
    except TooManyAccounts:
        message = f"the reps have more than {MOST_ACCOUNTS} accounts; plan the week with `kqml plan --database`"
        raise invalid_request([ProblemItem(_pointer(query), message)]) from None
    except KqmlError as error:
        raise invalid_request([ProblemItem(_pointer(query), error.message)]) from error
    return None if result is None else result.record


def _plan_request(writing: Writing, query: RecommendationQuery, reps: frozenset[str]) -> PlanWeekRequest:
    live, playbook = writing.service.served.state.live, writing.service.playbook
    model = None if live is None else live.planning_model
    return PlanWeekRequest(query.week, playbook, model, writing.caller.name, query.language, reps)


def _pointer(query: RecommendationQuery) -> str:
    return "#/accounts" if query.rep is None else "#/rep_id"


def _retained(connection: Connection, writing: Writing, query: RecommendationQuery, output: PlanRecord | None) -> Reply:
    """Writes what was decided, as far as nobody else did meanwhile; tells what there is now."""
    before = decided_reps(connection, sorted(query.reps), query.name)
    fresh = [row for row in output.decisions if row["rep_id"] not in before] if output is not None else []
    if output is not None and fresh:
        store_plan(connection, fresh, writing.now, output.learned)
    result = _matches(connection, writing, query)
    writing.facts["decisions"] = len(fresh)
    if query.rep is not None and not result:
        raise invalid_request([ProblemItem("#/rep_id", _nothing(writing, query))])
    results = [_describe(row, query) for row in result if row["objected_at"] is None]
    content = {
        "week": query.name,
        "cutoff": moment_of(query.cutoff, query.zone).isoformat(),
        "decided": sorted({row["rep_id"] for row in fresh}),
        "decisions": results,
        "not_decided": list(_not_decided(query, {one["account_id"] for one in results})),
        "objected": _objected(connection, writing, query),
    }
    return as_reply(content)


def _matches(connection: Connection, writing: Writing, query: RecommendationQuery) -> Sequence[Row]:
    territory = writing.caller.territory
    if query.rep is not None:
        return week_of_rep(connection, query.rep, query.name, territory)
    return week_of_accounts(connection, list(query.accounts or ()), query.name, territory)


def _nothing(writing: Writing, query: RecommendationQuery) -> str:
    if query.end <= writing.now:
        return f"week {query.name} is over and has no decisions for rep {query.rep!r}"
    return f"rep {query.rep!r} has no open account in week {query.name}"


def _objected(connection: Connection, writing: Writing, query: RecommendationQuery) -> int:
    if query.rep is not None:
        return len(objecting_of_rep(connection, query.rep, writing.caller.territory))
    return sum(row["objected_at"] is not None for row in (query.accounts or {}).values())


def _not_decided(query: RecommendationQuery, result: set[str]) -> Sequence[dict[str, str]]:
    return [
        {
            "account_id": name,
            "code": undecided_reason(row),
            "text": text(f"plan.not_decided.{undecided_reason(row)}", query.language),
        }
        for name, row in (query.accounts or {}).items()
        if name not in result
    ]


def _describe(row: Row, query: RecommendationQuery) -> dict[str, Any]:
    more = {name: row[name] for name in ("rep_id", "probability")}
    return {**decision_body(row, query.zone), **more, "evidence": _evidence(row, query.language)}


def _evidence(row: Row, language: str) -> dict[str, Any] | None:
    receipt = receipt_of(row)
    if receipt is None or "actions" not in receipt:
        return None
    rests, action = receipt["evidence"], receipt["actions"][row["assigned"]]
    score = receipt["score"] or dict.fromkeys(("churn_probability", "band", "value_at_risk"))
    return {
        "code": rests["code"],
        "text": evidence_text(rests, language),
        "effect": receipt["effect"],
        **{name: action[name] for name in ("basis", "score")},
        **{name: score[name] for name in ("churn_probability", "band", "value_at_risk")},
    }
