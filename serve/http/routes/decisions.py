"""`/v1/decisions`: list decisions as they changed, show the receipt of one, record its status."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from starlette.concurrency import run_in_threadpool

from kqml.contract.decisions import DecisionPage, Receipt, StatusTaken
from serve.http.access import ReadsDecisions, WritesDecisions
from serve.http.cursors import read_cursor
from serve.http.decision_query import DecisionQuery
from serve.http.dependencies import IdempotencyKey, IdInPath, Language, ServiceOf
from serve.http.instants import parse_past_instant
from serve.http.openapi import BODY_PROBLEMS, problems, request_body
from serve.http.problems import Problem
from serve.http.request_bodies import parse_body, read_json_bytes
from serve.http.responses import json_response, page_response
from serve.http.schemas.decisions import ReportBody, StatusBody
from serve.http.service_state import Service
from serve.http.writing import Writing, as_reply, write_now, writing_of
from serve.security.callers import Caller
from serve.usecases.late_commits import complete_until
from serve.usecases.list_decisions import DecisionListing, list_decisions
from serve.usecases.report_contacts import ContactReport
from serve.usecases.track_decisions import RecordStatusRequest, record_status, show_decision

router = APIRouter(tags=["decisions"])


@router.get(
    "/v1/decisions",
    summary="List decisions by their latest change",
    response_model=DecisionPage,
    responses=problems(Problem.INVALID_REQUEST, Problem.NO_DATABASE),
)
async def list_the_decisions(
    service: ServiceOf, caller: ReadsDecisions, query: Annotated[DecisionQuery, Query()]
) -> Response:
    """The decisions about accounts that the caller may see, with their latest states; a decision changes when it is
    stored and whenever a state is reported. Accounts that object to automated recommendations are left out."""
    return await run_in_threadpool(_list, service, caller, query)


def _list(service: Service, caller: Caller, query: DecisionQuery) -> Response:
    now = service.clock()
    listing = DecisionListing(
        limit=query.limit,
        filters=query.filters,
        changed_since=parse_past_instant(query.changed_since, "changed_since", now),
        descending=query.sort.startswith("-"),
        after=None if query.cursor is None else read_cursor(query.sort_key, query.cursor, (int, str)),
    )
    with service.reading() as transaction:
        page = list_decisions(transaction, listing, caller.territory)
        until = complete_until(now, transaction.time_zone)
    return page_response("decisions", page, query.sort_key, complete_until=until)


@router.get(
    "/v1/decisions/{decision_id}",
    name="show_decision",
    summary="Show the receipt of a decision",
    response_model=Receipt,
    responses=problems(Problem.NOT_FOUND, Problem.INVALID_REQUEST, Problem.NO_DATABASE),
)
async def show_the_decision(
    service: ServiceOf, caller: ReadsDecisions, decision_id: IdInPath, language: Language = None
) -> Response:
    """The decision with its inputs, the versions it was made by, its probability, and its states so far."""
    return await run_in_threadpool(_show, service, caller, decision_id, language or service.language)


def _show(service: Service, caller: Caller, decision_id: str, language: str) -> Response:
    with service.snapshot() as transaction:
        return json_response(show_decision(transaction, decision_id, caller.territory, language))


@router.post(
    "/v1/decisions/{decision_id}/status",
    summary="Record the status of a decision",
    response_model=StatusTaken,
    responses=problems(Problem.NOT_FOUND, Problem.CONFLICT, Problem.KEY_REUSED, *BODY_PROBLEMS),
    openapi_extra=request_body(StatusBody),
)
async def take_status(
    request: Request,
    service: ServiceOf,
    caller: WritesDecisions,
    decision_id: IdInPath,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """recommended → accepted or rejected → scheduled → done or failed → verified → outcome; a state that may not
    follow is a 409. Send an `Idempotency-Key`, for the same state twice is a 409, too."""
    body = await read_json_bytes(request, service.body_limit)
    writing = writing_of(request, service, caller, body, idempotency_key)
    return await run_in_threadpool(_take, writing, decision_id)


def _report(body: ReportBody) -> ContactReport:
    business = None if body.business is None else body.business.model_dump(exclude_none=True)
    return ContactReport(**{**dict(body), "business": business})


def _take(writing: Writing, decision_id: str) -> Response:
    body = parse_body(StatusBody, writing.body)
    request = RecordStatusRequest(
        decision_id=decision_id,
        **{name: getattr(body, name) for name in StatusBody.model_fields if name != "report"},
        report=None if body.report is None else _report(body.report),
        caller=writing.caller,
        playbook=writing.service.playbook,
        cipher=writing.service.cipher,
    )
    return write_now(writing, lambda transaction: as_reply(record_status(transaction, request, writing.now)))
