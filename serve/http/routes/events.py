"""`POST /v1/events`: store events."""

from fastapi import APIRouter, Request, Response
from starlette.concurrency import run_in_threadpool

from kqml.contract.records import EventsTaken
from serve.http.access import WritesEvents
from serve.http.dependencies import IdempotencyKey, ServiceOf
from serve.http.openapi import BODY_PROBLEMS, problems, request_body
from serve.http.problems import Problem
from serve.http.request_bodies import parse_body, read_json_bytes
from serve.http.schemas.records import EventBatch
from serve.http.writing import Writing, as_reply, write_now, writing_of
from serve.usecases.store_events import StoreEventsRequest, event_rows, store_events

router = APIRouter(tags=["events"])


@router.post(
    "/v1/events",
    summary="Store events",
    response_model=EventsTaken,
    responses=problems(Problem.KEY_REUSED, *BODY_PROBLEMS),
    openapi_extra=request_body(EventBatch),
)
async def take_events(
    request: Request, service: ServiceOf, caller: WritesEvents, idempotency_key: IdempotencyKey = None
) -> Response:
    """Stores up to 10,000 events of any accounts, all of them or none.

    An event stored with the same id and content counts as known, so a batch may be sent again. An event counts as known
    from its arrival, or from its `known_at` where that is later. Events that change the owner, tier, credit grade or
    status of an account also change its record; they require the scope `accounts:write` and no territory.
    """
    body = await read_json_bytes(request, service.body_limit)
    return await run_in_threadpool(_take, writing_of(request, service, caller, body, idempotency_key))


def _take(writing: Writing) -> Response:
    batch = parse_body(EventBatch, writing.body)
    rows = event_rows(batch.events, writing.now)
    writing.facts["events"] = len(rows)
    request = StoreEventsRequest(rows, writing.now, writing.caller, writing.service.playbook)
    return write_now(writing, lambda transaction: as_reply(store_events(transaction, request)))
