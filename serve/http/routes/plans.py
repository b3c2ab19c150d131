"""`GET /v1/reps/{rep_id}/plan`: the decisions of a rep's week with their states."""

from typing import Annotated

from fastapi import APIRouter, Query, Response
from starlette.concurrency import run_in_threadpool

from kqml.contract.plans import RepPlan
from serve.http.access import ReadsDecisions
from serve.http.dependencies import IdInPath, ServiceOf
from serve.http.openapi import problems
from serve.http.problems import Problem
from serve.http.responses import json_response
from serve.http.service_state import Service
from serve.http.weeks import WEEK, parse_week, present_week
from serve.security.callers import Caller
from serve.usecases.track_decisions import show_rep_plan

router = APIRouter(tags=["reps"])
Week = Annotated[str | None, Query(pattern=WEEK, description="ISO week such as 2024-W07. Default: the present one.")]


@router.get(
    "/v1/reps/{rep_id}/plan",
    summary="Show a rep's week",
    response_model=RepPlan,
    responses=problems(Problem.NOT_FOUND, Problem.INVALID_REQUEST, Problem.NO_DATABASE),
)
async def show_plan(service: ServiceOf, caller: ReadsDecisions, rep_id: IdInPath, week: Week = None) -> Response:
    """The stored decisions of the week with their states, required ones first. Accounts that object to automated
    recommendations are counted, not listed."""
    return await run_in_threadpool(_show, service, caller, rep_id, week)


def _show(service: Service, caller: Caller, rep_id: str, week: str | None) -> Response:
    named = parse_week(week)
    with service.snapshot() as transaction:
        period = named or present_week(service.clock(), transaction.time_zone)
        return json_response(show_rep_plan(transaction, rep_id, period.week_name, caller.territory))
