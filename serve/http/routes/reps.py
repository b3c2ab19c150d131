"""`/v1/reps`: list, show and put in reps with their weekly capacity."""

from fastapi import APIRouter, Request, Response
from starlette.concurrency import run_in_threadpool

from kqml.contract.accounts import Rep, RepPage
from kqml.contract.records import RecordsPut
from serve.http.access import ReadsAccounts, WritesAccounts
from serve.http.cursors import read_cursor
from serve.http.dependencies import DEFAULT_LIMIT, Cursor, IdempotencyKey, IdInPath, PageLimit, ServiceOf
from serve.http.openapi import BODY_PROBLEMS, problems, request_body
from serve.http.problems import Problem
from serve.http.request_bodies import parse_body, read_json_bytes
from serve.http.responses import json_response, page_response
from serve.http.schemas.records import RepBatch, RepBody, RepPatch
from serve.http.service_state import Service
from serve.http.writing import Writing, as_reply, write_now, writing_of
from serve.security.callers import Caller
from serve.usecases.maintain_records import PutRecordsRequest
from serve.usecases.maintain_reps import list_reps, patch_rep, put_reps, show_rep

router = APIRouter(tags=["reps"])
QUERY = "reps"
"""What the cursors of the list belong to."""


@router.get(
    "/v1/reps",
    summary="List reps",
    response_model=RepPage,
    responses=problems(Problem.INVALID_REQUEST, Problem.NO_DATABASE),
)
async def list_the_reps(
    service: ServiceOf, caller: ReadsAccounts, limit: PageLimit = DEFAULT_LIMIT, cursor: Cursor = None
) -> Response:
    """The reps that the caller may see, by id."""
    after = None if cursor is None else str(read_cursor(QUERY, cursor, (str,))[0])
    return await run_in_threadpool(_list, service, caller, limit, after)


def _list(service: Service, caller: Caller, limit: int, after: str | None) -> Response:
    with service.reading() as transaction:
        page = list_reps(transaction, caller.territory, limit, after)
    return page_response("reps", page, QUERY)


@router.get(
    "/v1/reps/{rep_id}",
    name="show_rep",
    summary="Show one rep",
    response_model=Rep,
    responses=problems(Problem.NOT_FOUND, Problem.INVALID_REQUEST, Problem.NO_DATABASE),
)
async def show_the_rep(service: ServiceOf, caller: ReadsAccounts, rep_id: IdInPath) -> Response:
    """The rep."""
    return await run_in_threadpool(_show, service, caller, rep_id)


def _show(service: Service, caller: Caller, rep_id: str) -> Response:
    with service.reading() as transaction:
        return json_response(show_rep(transaction, rep_id, caller.territory))


@router.put(
    "/v1/reps/{rep_id}",
    summary="Replace a rep",
    response_model=RecordsPut,
    responses=problems(*BODY_PROBLEMS),
    openapi_extra=request_body(RepBody),
)
async def put_rep(request: Request, service: ServiceOf, caller: WritesAccounts, rep_id: IdInPath) -> Response:
    """Replaces the stored rep. `manager_id` decides which accounts a manager may see."""
    body = await read_json_bytes(request, service.body_limit)
    return await run_in_threadpool(_put, writing_of(request, service, caller, body), rep_id)


def _put(writing: Writing, rep_id: str) -> Response:
    fields = parse_body(RepBody, writing.body).root
    request = PutRecordsRequest([{**fields, "rep_id": rep_id}], writing.caller, writing.now)
    return write_now(writing, lambda transaction: as_reply(put_reps(transaction, request)))


@router.patch(
    "/v1/reps/{rep_id}",
    summary="Change fields of a rep",
    response_model=RecordsPut,
    responses=problems(Problem.NOT_FOUND, *BODY_PROBLEMS),
    openapi_extra=request_body(RepPatch),
)
async def patch_the_rep(request: Request, service: ServiceOf, caller: WritesAccounts, rep_id: IdInPath) -> Response:
    """Changes the fields given (JSON merge patch, RFC 7396): null makes a field unknown, `absences` are replaced."""
    body = await read_json_bytes(request, service.body_limit)
    return await run_in_threadpool(_patch, writing_of(request, service, caller, body), rep_id)


def _patch(writing: Writing, rep_id: str) -> Response:
    fields = parse_body(RepPatch, writing.body).root
    request = PutRecordsRequest([{**fields, "rep_id": rep_id}], writing.caller, writing.now)
    return write_now(writing, lambda transaction: as_reply(patch_rep(transaction, request)))


@router.post(
    "/v1/reps",
    summary="Replace many reps",
    response_model=RecordsPut,
    responses=problems(Problem.KEY_REUSED, *BODY_PROBLEMS),
    openapi_extra=request_body(RepBatch),
)
async def put_many_reps(
    request: Request, service: ServiceOf, caller: WritesAccounts, idempotency_key: IdempotencyKey = None
) -> Response:
    """Up to 1,000 reps, each replaced as by `PUT`; all of them or none."""
    body = await read_json_bytes(request, service.body_limit)
    return await run_in_threadpool(_put_many, writing_of(request, service, caller, body, idempotency_key))


def _put_many(writing: Writing) -> Response:
    reps = parse_body(RepBatch, writing.body).reps
    writing.facts["records"] = len(reps)
    request = PutRecordsRequest(reps, writing.caller, writing.now, "reps")
    return write_now(writing, lambda transaction: as_reply(put_reps(transaction, request)))
