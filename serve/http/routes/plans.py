"""`GET /v1/reps/{rep_id}/plan`: the decisions of a rep's week with their states."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from starlette.concurrency import run_in_threadpool

from kqml.contract.plans import RepPlan
from serve.http.access import ReadsDecisions
from serve.http.dependencies import IdInPath, Language, ServiceOf
from serve.http.openapi import problems
from serve.http.problems import Problem
from serve.http.request_middleware import REQUEST_ID
from serve.http.responses import json_response
from serve.http.service_state import Service
from serve.http.weeks import WEEK, parse_week, present_week
from serve.security.callers import Caller
from serve.usecases.contact_notes import NoteReader
from serve.usecases.preview_rep_plan import PreviewRepPlanRequest, preview_rep_plan
from serve.usecases.track_decisions import show_rep_plan

router = APIRouter(tags=["reps"])
NEXT = "next"
WEEK_TEXT = "ISO week such as 2024-W07, or `next` for a preview of the next week. Default: the present one."
Week = Annotated[str | None, Query(pattern=f"{WEEK}|^{NEXT}$", description=WEEK_TEXT)]


@router.get(
    "/v1/reps/{rep_id}/plan",
    summary="Show a rep's week",
    response_model=RepPlan,
    responses=problems(Problem.NOT_FOUND, Problem.INVALID_REQUEST, Problem.NO_DATABASE),
)
async def show_plan(
    request: Request,
    service: ServiceOf,
    caller: ReadsDecisions,
    rep_id: IdInPath,
    week: Week = None,
    language: Language = None,
) -> Response:
    """The stored decisions of the week with their states, required ones first. Accounts that object to automated
    recommendations are counted, not listed.

    `week=next` plans the next week by what is known now, as a preview: nothing is decided or stored."""
    if week == NEXT:
        return await run_in_threadpool(_preview, service, caller, rep_id, language or service.language)
    reader = NoteReader(caller, request.scope[REQUEST_ID], service.cipher, service.clock())
    return await run_in_threadpool(_show, service, reader, rep_id, week, language or service.language)


def _preview(service: Service, caller: Caller, rep_id: str, language: str) -> Response:
    live = service.served.state.live
    model = None if live is None else live.planning_model
    request = PreviewRepPlanRequest(rep_id, caller, service.playbook, model, language)
    return json_response(preview_rep_plan(service.database, request, service.clock()))


def _show(service: Service, reader: NoteReader, rep_id: str, week: str | None, language: str) -> Response:
    named = parse_week(week)
    # A writing transaction where personal notes may be read, because that is recorded.
    with service.writing() if reader.sees_personal else service.snapshot() as transaction:
        period = named or present_week(service.clock(), transaction.time_zone)
        return json_response(show_rep_plan(transaction, rep_id, period.week_name, reader, language))
