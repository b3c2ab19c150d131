"""`GET /v1/reps/{rep_id}/days`: the open actions of a rep's week by day."""

from typing import Annotated

from fastapi import APIRouter, Query, Response
from starlette.concurrency import run_in_threadpool

from kqml.contract.rep_days import RepDays
from serve.http.access import ReadsDecisions
from serve.http.dependencies import IdInPath, ServiceOf
from serve.http.openapi import problems
from serve.http.problems import Problem
from serve.http.responses import json_response
from serve.http.service_state import Service
from serve.http.weeks import WEEK, parse_week, present_week
from serve.security.callers import Caller
from serve.usecases.schedule_rep_week import RepDaysRequest, schedule_rep_week

router = APIRouter(tags=["reps"])
Week = Annotated[str | None, Query(pattern=WEEK, description="ISO week such as 2024-W07. Default: the present one.")]


@router.get(
    "/v1/reps/{rep_id}/days",
    summary="Show a rep's week by day",
    response_model=RepDays,
    responses=problems(Problem.NOT_FOUND, Problem.INVALID_REQUEST, Problem.NO_DATABASE),
)
async def show_days(service: ServiceOf, caller: ReadsDecisions, rep_id: IdInPath, week: Week = None) -> Response:
    """The open decisions of the week on the days from today on, in the order of the day, with what was done and what
    does not fit. Computed at each request from the decisions as they are; nothing is stored."""
    return await run_in_threadpool(_show, service, caller, rep_id, week)


def _show(service: Service, caller: Caller, rep_id: str, week: str | None) -> Response:
    named, now = parse_week(week), service.clock()
    with service.snapshot() as transaction:
        request = RepDaysRequest(
            rep_id=rep_id,
            week=named or present_week(now, transaction.time_zone),
            territory=caller.territory,
            playbook=service.playbook,
            now=now,
        )
        return json_response(schedule_rep_week(transaction, request))
