"""`POST /v1/duties/status`: mark duties."""

from fastapi import APIRouter, Request, Response
from starlette.concurrency import run_in_threadpool

from kqml.contract.duties import DutyStatusTaken
from serve.http.access import WritesDecisions
from serve.http.dependencies import IdempotencyKey, ServiceOf
from serve.http.openapi import BODY_PROBLEMS, problems, request_body
from serve.http.problems import Problem
from serve.http.request_bodies import parse_body, read_json_bytes
from serve.http.schemas.duties import DutyStatusBody
from serve.http.weeks import parse_week, present_week
from serve.http.writing import Writing, as_reply, write_now, writing_of
from serve.usecases.mark_duties import DutyMark, MarkDutiesRequest, check_marks, mark_duties, read_marked_duties

router = APIRouter(tags=["duties"])


@router.post(
    "/v1/duties/status",
    summary="Mark duties",
    response_model=DutyStatusTaken,
    responses=problems(Problem.KEY_REUSED, *BODY_PROBLEMS),
    openapi_extra=request_body(DutyStatusBody),
)
async def take_duty_status(
    request: Request, service: ServiceOf, caller: WritesDecisions, idempotency_key: IdempotencyKey = None
) -> Response:
    """Marks duties that no event fulfils as done, waived, or open again; all of them or none. The last mark counts;
    repeating it changes nothing. Compliance counts events only."""
    body = await read_json_bytes(request, service.body_limit)
    return await run_in_threadpool(_take, writing_of(request, service, caller, body, idempotency_key))


def _take(writing: Writing) -> Response:
    body, service = parse_body(DutyStatusBody, writing.body), writing.service
    marks = [DutyMark(**item.model_dump()) for item in body.duties]
    check_marks(marks, writing.now)
    named = parse_week(body.week)
    writing.facts["duties"] = len(marks)
    writing.subjects.extend(mark.duty_id for mark in marks)
    with service.snapshot() as transaction:
        week = named or present_week(writing.now, transaction.time_zone)
        request = MarkDutiesRequest(marks, week, writing.caller, service.playbook, service.cipher, writing.now)
        duties = read_marked_duties(transaction, request)
    return write_now(writing, lambda transaction: as_reply(mark_duties(transaction, request, duties)))
