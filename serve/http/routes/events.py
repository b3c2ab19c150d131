"""`POST /v1/events`: what happened, kept once."""

from collections.abc import Iterator
from typing import Any

from fastapi import APIRouter, Request, Response
from sqlalchemy import Connection
from starlette.concurrency import run_in_threadpool

from kqml.calendar.business_time import moment_of
from kqml.contract.records import EventsTaken
from kqml.dataset.tables import EVENTS
from kqml.history.builders import read_instant
from serve.database.events import add_events
from serve.database.idempotency import Reply
from serve.database.rejected_rows import RejectedRows
from serve.http.access import WritesEvents
from serve.http.dependencies import IdempotencyKey, ServiceOf
from serve.http.openapi import BODY_PROBLEMS, problems, request_body
from serve.http.problems import Problem, ProblemItem, invalid_request, pointer_to
from serve.http.request_bodies import parse_body, read_json_bytes
from serve.http.schemas.records import OWN_IDS, EventBatch, EventRecord
from serve.http.writing import Writing, as_reply, pointing, write_now, writing_of
from serve.usecases.stored_rows import as_text

router = APIRouter(tags=["events"])


@router.post(
    "/v1/events",
    summary="Keep what happened",
    response_model=EventsTaken,
    responses=problems(Problem.KEY_REUSED, *BODY_PROBLEMS),
    openapi_extra=request_body(EventBatch),
)
async def take_events(
    request: Request, service: ServiceOf, caller: WritesEvents, idempotency_key: IdempotencyKey = None
) -> Response:
    """Keeps up to 10,000 events of any accounts, all of them or none.

    An `event_id` that is there with the same content counts as kept, so a batch may be sent again. An event counts as
    known from when it arrives here, or from its `known_at` where that is later."""
    body = await read_json_bytes(request, service.body_limit)
    return await run_in_threadpool(_take, writing_of(request, service, caller, body, idempotency_key))


def _take(writing: Writing) -> Response:
    batch = parse_body(EventBatch, writing.body)
    rows = _rows(batch, writing.now)
    writing.facts["events"] = len(rows)
    try:
        return write_now(writing, lambda connection: _retained(connection, writing, rows))
    except RejectedRows as rejected:
        raise pointing(rejected, "events") from None


def _retained(connection: Connection, writing: Writing, rows: list[dict[str, Any]]) -> Reply:
    added = add_events(connection, rows, writing.now, writing.caller.territory)
    known = len({row["event_id"] for row in rows}) - added
    return as_reply({"added": added, "known": known, "received_at": moment_of(writing.now).isoformat()})


def _rows(batch: EventBatch, received_at: int) -> list[dict[str, Any]]:
    """The events as rows of the database. Raises ProblemError with every fault that a schema cannot see."""
    rows, faults = [], []
    for place, event in enumerate(batch.events):
        try:
            rows.append(_row(event, received_at))
        except ValueError:
            faults += [ProblemItem(pointer_to(("events", place, column)), text) for column, text in _bad_days(event)]
        if event["event_id"].startswith(OWN_IDS):
            text = f"{event['event_id']!r} starts with {OWN_IDS!r}, which is reserved for events of the service"
            faults.append(ProblemItem(pointer_to(("events", place, "event_id")), text))
    if faults:
        raise invalid_request(faults)
    return rows


_COLUMNS = tuple(EVENTS.names)


def _row(event: EventRecord, received_at: int) -> dict[str, Any]:
    row: dict[str, Any] = dict.fromkeys(_COLUMNS) | event
    row["occurred_at"] = read_instant(row["occurred_at"])
    row["known_at"] = received_at if row["known_at"] is None else max(read_instant(row["known_at"]), received_at)
    if row["due_at"] is not None:
        row["due_at"] = read_instant(row["due_at"])
    if row["attributes"] is not None:
        row["attributes"] = as_text(row["attributes"])
    return row


def _bad_days(event: EventRecord) -> Iterator[tuple[str, str]]:
    for column in ("occurred_at", "known_at", "due_at"):
        text = event.get(column)
        try:
            read_instant("1970-01-01T00:00:00Z" if text is None else str(text))
        except ValueError:
            yield column, f"{text!r} is not a valid date"
