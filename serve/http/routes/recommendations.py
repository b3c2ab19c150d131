"""`POST /v1/recommendations`: recommend actions for a rep's week or for some accounts."""

from dataclasses import replace

from fastapi import APIRouter, Request, Response
from starlette.concurrency import run_in_threadpool

from kqml.contract.recommendations import Recommendations
from serve.http.access import WritesDecisions
from serve.http.dependencies import IdempotencyKey, ServiceOf
from serve.http.openapi import BODY_PROBLEMS, problems, request_body
from serve.http.problems import Problem, ProblemItem, invalid_request
from serve.http.request_bodies import parse_body, read_json_bytes
from serve.http.schemas.recommendations import RecommendationRequest
from serve.http.weeks import parse_week
from serve.http.writing import Reply, Writing, as_reply, read_now, write_now, writing_of
from serve.usecases.database_access import Transaction
from serve.usecases.recommend_actions import (
    DecidedMeanwhile,
    RecommendActionsRequest,
    RecommendationPlan,
    plan_recommendations,
    recommend_actions,
)

router = APIRouter(tags=["recommendations"])


@router.post(
    "/v1/recommendations",
    name="recommend_actions",
    summary="Recommend actions",
    response_model=Recommendations,
    responses=problems(Problem.KEY_REUSED, *BODY_PROBLEMS),
    openapi_extra=request_body(RecommendationRequest),
)
async def recommend_the_actions(
    request: Request, service: ServiceOf, caller: WritesDecisions, idempotency_key: IdempotencyKey = None
) -> Response:
    """Recommends actions of a week for the accounts of a rep, or for some accounts, within the hours of their reps.

    A rep's week is decided once, by the first request; later requests return the stored decisions. Every decision is
    stored with its probability and its receipt. A week that is over is no longer decided. Reading what is decided waits
    for no writer and stores no `Idempotency-Key`."""
    body = await read_json_bytes(request, service.body_limit)
    return await run_in_threadpool(_recommend, writing_of(request, service, caller, body, idempotency_key))


def _recommend(writing: Writing) -> Response:
    plan = plan_recommendations(writing.service.database, _request(writing), writing.now)
    if plan.record is None:
        return read_now(writing, lambda transaction: _reply(transaction, writing, plan))
    try:
        return write_now(writing, lambda transaction: _reply(transaction, writing, plan))
    except DecidedMeanwhile:
        stored = replace(plan, record=None)
        return write_now(writing, lambda transaction: _reply(transaction, writing, stored))


def _request(writing: Writing) -> RecommendActionsRequest:
    body, service = parse_body(RecommendationRequest, writing.body), writing.service
    if (body.rep_id is None) == (body.accounts is None):
        raise invalid_request([ProblemItem("#", "exactly one of rep_id and accounts is required")])
    live = service.served.state.live
    return RecommendActionsRequest(
        rep_id=body.rep_id,
        accounts=body.accounts,
        week=parse_week(body.week, "#/week"),
        caller=writing.caller,
        playbook=service.playbook,
        model=None if live is None else live.planning_model,
        language=body.language or service.language,
    )


def _reply(transaction: Transaction, writing: Writing, plan: RecommendationPlan) -> Reply:
    result = recommend_actions(transaction, plan, writing.now)
    writing.facts["decisions"] = result.added
    return as_reply(result.content)
