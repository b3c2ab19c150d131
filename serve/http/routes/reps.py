"""`/v1/reps`: our salespeople, what a week of theirs holds."""

from typing import Any

import orjson
from fastapi import APIRouter, Request, Response
from starlette.concurrency import run_in_threadpool

from kqml.contract.accounts import Rep, RepPage
from kqml.contract.fields import field_names
from kqml.contract.records import RecordsPut
from serve.database.rejected_rows import RejectedRows
from serve.database.reps import list_reps, put_reps, read_rep
from serve.http.access import ReadsAccounts, WritesAccounts
from serve.http.cursors import read_cursor, write_cursor
from serve.http.dependencies import DEFAULT_LIMIT, Cursor, IdempotencyKey, IdInPath, PageLimit, ServiceOf
from serve.http.openapi import BODY_PROBLEMS, problems, request_body
from serve.http.problems import Problem, ProblemItem, invalid_request, not_found, pointer_to
from serve.http.request_bodies import parse_body, read_json_bytes
from serve.http.schemas.records import RepBatch, RepBody, RepFacts
from serve.http.service_state import Service
from serve.http.writing import Writing, distinct, pointing, pointing_to_one, tallied, write_now, writing_of
from serve.security.callers import Caller
from serve.usecases.stored_rows import contract_fields, stored_row

router = APIRouter(tags=["reps"])
SHOWN = field_names(Rep)
_WHERE = "reps"


@router.get(
    "/v1/reps",
    summary="List the reps",
    response_model=RepPage,
    responses=problems(Problem.INVALID_REQUEST, Problem.NO_DATABASE),
)
async def list_the_reps(
    service: ServiceOf, caller: ReadsAccounts, limit: PageLimit = DEFAULT_LIMIT, cursor: Cursor = None
) -> Response:
    """The reps that the caller may see, by id."""
    after = None if cursor is None else str(read_cursor(_WHERE, cursor, (str,))[0])
    return await run_in_threadpool(_list, service, caller, limit, after)


def _list(service: Service, caller: Caller, limit: int, after: str | None) -> Response:
    with service.database.reading() as connection:
        result = list_reps(connection, caller.territory, limit + 1, after)
        zone = service.histories.time_zone(connection)
    page = result[:limit]
    following = write_cursor(_WHERE, (page[-1]["rep_id"],)) if len(result) > limit else None
    return _json({"reps": [contract_fields(row, SHOWN, zone) for row in page], "next_cursor": following})


@router.get(
    "/v1/reps/{rep_id}",
    summary="Show one rep",
    response_model=Rep,
    responses=problems(Problem.NOT_FOUND, Problem.INVALID_REQUEST, Problem.NO_DATABASE),
)
async def show_rep(service: ServiceOf, caller: ReadsAccounts, rep_id: IdInPath) -> Response:
    """The rep."""
    return await run_in_threadpool(_show, service, caller, rep_id)


def _show(service: Service, caller: Caller, rep_id: str) -> Response:
    with service.database.reading() as connection:
        result = read_rep(connection, rep_id, caller.territory)
        if result is None:
            raise not_found(f"rep {rep_id!r}")
        return _json(contract_fields(result, SHOWN, service.histories.time_zone(connection)))


@router.put(
    "/v1/reps/{rep_id}",
    summary="Say what a rep is",
    response_model=RecordsPut,
    responses=problems(*BODY_PROBLEMS),
    openapi_extra=request_body(RepBody),
)
async def put_rep(request: Request, service: ServiceOf, caller: WritesAccounts, rep_id: IdInPath) -> Response:
    """Replaces what is known of the rep. `manager_id` decides which accounts a manager may see."""
    body = await read_json_bytes(request, service.body_limit)
    return await run_in_threadpool(_put, writing_of(request, service, caller, body), rep_id)


def _put(writing: Writing, rep_id: str) -> Response:
    facts = parse_body(RepBody, writing.body).root
    if faults := _bad_absences(facts):
        raise invalid_request(faults)
    record = {**_row(facts), "rep_id": rep_id}
    try:
        return write_now(
            writing, lambda found: tallied(put_reps(found, [record], writing.now, writing.caller.territory))
        )
    except RejectedRows as rejected:
        raise pointing_to_one(rejected) from None


@router.post(
    "/v1/reps",
    summary="Say what many reps are",
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
    if faults := [fault for place, rep in enumerate(reps) for fault in _bad_absences(rep, "reps", place)]:
        raise invalid_request(faults)
    records = [_row(rep) for rep in reps]
    writing.facts["records"] = len(records)
    try:
        distinct(records, "rep_id")
        return write_now(
            writing, lambda found: tallied(put_reps(found, records, writing.now, writing.caller.territory))
        )
    except RejectedRows as rejected:
        raise pointing(rejected, "reps") from None


def _bad_absences(facts: RepFacts, *path: str | int) -> list[ProblemItem]:
    return [
        ProblemItem(pointer_to((*path, "absences", place)), f"ends on {end}, before it starts on {start}")
        for place, (start, end) in enumerate(facts.get("absences") or ())
        if end < start
    ]


def _row(facts: RepFacts) -> dict[str, Any]:
    absences = facts.get("absences")
    days = None if absences is None else [[day.isoformat() for day in pair] for pair in absences]
    return stored_row({**facts, "absences": days})


def _json(content: dict[str, Any]) -> Response:
    return Response(orjson.dumps(content), media_type="application/json")
