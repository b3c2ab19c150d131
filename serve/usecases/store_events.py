"""Store events, each id once, all of a request or none."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from kqml.calendar.business_time import moment_of
from kqml.contract.records import EventsTaken
from kqml.dataset.tables import EVENTS
from kqml.events import EventKind
from kqml.history.attributes import STATUS_AFTER, TEXT_COLUMNS
from kqml.history.builders import read_instant
from kqml.playbook import Playbook
from serve.database.accounts import follow_events
from serve.database.events import add_events, kinds_of
from serve.database.week_updates import request_week_updates
from serve.security.callers import Caller, Scope
from serve.usecases.database_access import Transaction
from serve.usecases.event_times import time_faults
from serve.usecases.follow_contacts import ContactFollower, follow_contacts
from serve.usecases.maintain_records import faults_of_rows
from serve.usecases.refusals import NotAllowed, RequestFault, refuse
from serve.usecases.stored_rows import as_text

Row = Mapping[str, Any]
COLUMNS = tuple(EVENTS.names)
BATCH = "events"
"""The name of the list of events in a request."""

CHANGING = frozenset(kind.code for kind in (*TEXT_COLUMNS, *STATUS_AFTER))
"""Kinds of events that change the owner, tier, credit grade or status of an account."""

OWN_IDS = "kqml:"
"""How ids of events begin that the service itself writes."""


@dataclass(frozen=True)
class StoreEventsRequest:
    """Events as rows of the database, when they arrived, who sends them, the rules by which contacts count."""

    rows: Sequence[Row]
    received_at: int
    caller: Caller
    playbook: Playbook


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
    """Add the events that are not stored yet and count both; accounts take over what events say of their owner, tier,
    credit grade and status, decisions what contacts say of them (`serve.usecases.follow_contacts`).

    Raises FaultyRequest where a stored event with the same id differs, or an account is outside the territory,
    NotAllowed where the caller may not change accounts.
    """
    connection, rows, now = transaction.connection, request.rows, request.received_at
    if not _changes_accounts(request.caller):
        _refuse_changes(connection, rows)
    with faults_of_rows(BATCH):
        added = add_events(connection, rows, now, request.caller.territory)
    if added:
        follow_events(connection, rows, now)
        request_week_updates(connection, rows, now)
        follow_contacts(ContactFollower(transaction, request.playbook, request.caller.name, now), rows)
    known = len({row["event_id"] for row in rows}) - added
    return EventsTaken(added=added, known=known, received_at=moment_of(now, transaction.time_zone).isoformat())


def _changes_accounts(caller: Caller) -> bool:
    return Scope.WRITE_ACCOUNTS in caller.scopes and caller.territory.reps is None


def _refuse_changes(connection: Connection, rows: Sequence[Row]) -> None:
    """Raise NotAllowed for events that change accounts, and for retractions of such events."""
    retracted = [row["ref"] for row in rows if row["kind"] == EventKind.EVENT_RETRACTED.code and row["ref"] is not None]
    kinds = kinds_of(connection, retracted)
    faults = [
        RequestFault((BATCH, index, "kind"), f"{row['kind']!r} changes the account {row['account_id']!r}")
        for index, row in enumerate(rows)
        if row["kind"] in CHANGING or kinds.get(row["ref"]) in CHANGING
    ]
    if faults:
        needed = f"the scope {Scope.WRITE_ACCOUNTS.value} and no territory"
        raise NotAllowed(f"Events that change accounts require {needed}; use `PUT /v1/accounts` otherwise.", faults)


def _row(event: Row, received_at: int) -> Row:
    row: dict[str, Any] = dict.fromkeys(COLUMNS) | dict(event)
    row["occurred_at"] = read_instant(row["occurred_at"])
    row["known_at"] = received_at if row["known_at"] is None else max(read_instant(row["known_at"]), received_at)
    if row["due_at"] is not None:
        row["due_at"] = read_instant(row["due_at"])
    if row["attributes"] is not None:
        row["attributes"] = as_text(row["attributes"])
    return row
