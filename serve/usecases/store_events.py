"""Store events, each id once, all of a request or none."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kqml.calendar.business_time import moment_of
from kqml.contract.records import EventsTaken
from kqml.dataset.tables import EVENTS
from kqml.history.builders import read_instant
from serve.database.events import add_events
from serve.database.territory import Territory
from serve.database.week_updates import request_week_updates
from serve.usecases.database_access import Transaction
from serve.usecases.event_times import time_faults
from serve.usecases.maintain_records import faults_of_rows
from serve.usecases.refusals import RequestFault, refuse
from serve.usecases.stored_rows import as_text

Row = Mapping[str, Any]
COLUMNS = tuple(EVENTS.names)
BATCH = "events"
"""The name of the list of events in a request."""

OWN_IDS = "kqml:"
"""How ids of events begin that the service itself writes."""


@dataclass(frozen=True)
class StoreEventsRequest:
    """Events as rows of the database, when they arrived, whose accounts they may be of."""

    rows: Sequence[Row]
    received_at: int
    territory: Territory


def event_rows(events: Sequence[Row], received_at: int) -> list[Row]:
    """Return events of the contract as rows of the database. Raises FaultyRequest with every fault of their dates and
    ids. An event counts as known from its arrival, or from its `known_at` where that is later."""
    rows: list[Row] = []
    faults: list[RequestFault] = []
    for index, event in enumerate(events):
        faulty = [RequestFault((BATCH, index, column), detail) for column, detail in time_faults(event, received_at)]
        faults += faulty
        if not faulty:
            rows.append(_row(event, received_at))
        if event["event_id"].startswith(OWN_IDS):
            detail = f"{event['event_id']!r} starts with {OWN_IDS!r}, which is reserved for events of the service"
            faults.append(RequestFault((BATCH, index, "event_id"), detail))
    refuse(faults)
    return rows


def store_events(transaction: Transaction, request: StoreEventsRequest) -> EventsTaken:
    """Add the events that are not stored yet and count both. Raises FaultyRequest where a stored event with the same
    id differs, or an account is outside the territory."""
    with faults_of_rows(BATCH):
        added = add_events(transaction.connection, request.rows, request.received_at, request.territory)
    if added:
        request_week_updates(transaction.connection, request.rows, request.received_at)
    known = len({row["event_id"] for row in request.rows}) - added
    return EventsTaken(added=added, known=known, received_at=moment_of(request.received_at).isoformat())


def _row(event: Row, received_at: int) -> Row:
    row: dict[str, Any] = dict.fromkeys(COLUMNS) | dict(event)
    row["occurred_at"] = read_instant(row["occurred_at"])
    row["known_at"] = received_at if row["known_at"] is None else max(read_instant(row["known_at"]), received_at)
    if row["due_at"] is not None:
        row["due_at"] = read_instant(row["due_at"])
    if row["attributes"] is not None:
        row["attributes"] = as_text(row["attributes"])
    return row
