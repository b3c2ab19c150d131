"""Store events: each id once, all of a batch or none."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, or_, select

from kqml.events import EventKind
from serve.database.dataset_info import note_kinds
from serve.database.erasure import clear_erased
from serve.database.records import parts_of
from serve.database.rejected_rows import ItemFault, RejectedRows
from serve.database.tables import ACCOUNTS, EVENTS
from serve.database.territory import Territory
from serve.database.upserting import insert_absent

Event = Mapping[str, Any]
"""One event with every column of the data contract, instants as microseconds, `attributes` as JSON text."""

RETRACTED = EventKind.EVENT_RETRACTED.code

STAMPED = ("known_at", "received_at")
CONTENT = tuple(column.name for column in EVENTS.columns if column.name not in STAMPED)
"""Columns in which two events with the same id must agree; the time of arrival does not count."""

COUNTED = or_(EVENTS.c.kind != EventKind.ORDER.code, EVENTS.c.amount.is_(None), EVENTS.c.amount != 0)
"""Orders with amount 0 are stored but count nowhere, as in the importer."""


def add_events(connection: Connection, events: Sequence[Event], received_at: int, territory: Territory) -> int:
    """Do the same as `write_events`, and record kinds that arrive for the first time.

    Raises RejectedRows also for each retraction of an event that is not of its account.
    """
    added = write_events(connection, events, received_at, territory)
    if faults := list(_of_retractions(connection, events)):
        raise RejectedRows(faults)
    note_kinds(connection, _first_known(events))
    return added


def write_events(connection: Connection, events: Sequence[Event], received_at: int, territory: Territory) -> int:
    """Write the events that are not stored yet; return how many.

    An event stored with the same content is skipped. Raises RejectedRows with every event whose id occurs with other
    content, in the batch or stored, or whose account is outside the territory.
    """
    events = clear_erased(connection, events)
    first = {event["event_id"]: event for event in reversed(events)}
    faults = [*_of_repeats(events, first), *_of_strangers(connection, events, territory)]
    faults += [] if faults else _of_erased(connection, events)
    if faults:
        raise RejectedRows(sorted(faults, key=lambda fault: fault.index))
    fresh = sorted(first.values(), key=lambda event: (event["account_id"], event["occurred_at"]))
    describe_later(connection, {event["account_id"] for event in fresh}, received_at)
    added = insert_absent(connection, EVENTS, [{**event, "received_at": received_at} for event in fresh])
    if added < len(fresh) and (faults := list(_of_stored(connection, events))):
        raise RejectedRows(faults)
    return added


def _of_repeats(events: Sequence[Event], first: Mapping[str, Event]) -> Iterator[ItemFault]:
    if len(first) == len(events):
        return
    for index, event in enumerate(events):
        if not _same(event, first[event["event_id"]]):
            text = f"{event['event_id']!r} occurs twice with different contents; events are immutable"
            yield ItemFault(index, "event_id", text)


def _of_strangers(connection: Connection, events: Sequence[Event], territory: Territory) -> Iterator[ItemFault]:
    if territory.reps is None:
        return
    known = accounts_seen(connection, {event["account_id"] for event in events}, territory)
    for index, event in enumerate(events):
        if event["account_id"] not in known:
            yield ItemFault(index, "account_id", f"account {event['account_id']!r} does not exist")


def _of_erased(connection: Connection, events: Sequence[Event]) -> Iterator[ItemFault]:
    """Faults of events of erased accounts, except those that are stored already."""
    erased = erased_accounts(connection, {event["account_id"] for event in events})
    suspects = [event["event_id"] for event in events if event["account_id"] in erased]
    stored = kinds_of(connection, suspects) if suspects else {}
    for index, event in enumerate(events):
        if event["account_id"] in erased and event["event_id"] not in stored:
            yield ItemFault(index, "account_id", f"{event['account_id']!r} was erased: send no more events about it")


def erased_accounts(connection: Connection, ids: Iterable[str]) -> set[str]:
    """Return those of the ids that are erased accounts."""
    erased = select(ACCOUNTS.c.account_id).where(ACCOUNTS.c.erased_at.is_not(None))
    return {
        name
        for part in parts_of(sorted(ids))
        for name in connection.execute(erased.where(ACCOUNTS.c.account_id.in_(part))).scalars()
    }


def kinds_of(connection: Connection, ids: Sequence[str]) -> dict[str, str]:
    """Return the kind of each of these events that is stored, by its id."""
    return {
        row.event_id: row.kind
        for part in parts_of(sorted(set(ids)))
        for row in connection.execute(select(EVENTS.c.event_id, EVENTS.c.kind).where(EVENTS.c.event_id.in_(part)))
    }


def accounts_seen(connection: Connection, ids: Iterable[str], territory: Territory) -> set[str]:
    """Return those of the ids that are accounts of the territory."""
    return {
        result
        for part in parts_of(sorted(ids))
        for result in connection.execute(
            select(ACCOUNTS.c.account_id).where(ACCOUNTS.c.account_id.in_(part), territory.of_accounts())
        ).scalars()
    }


def describe_later(connection: Connection, ids: Iterable[str], now: int) -> None:
    """Insert accounts that do not exist yet, without a description; waits for others that insert the same ones."""
    rows = [{"account_id": name, "described": False, "version": 0, "updated_at": now} for name in sorted(ids)]
    insert_absent(connection, ACCOUNTS, rows)


def _of_stored(connection: Connection, events: Sequence[Event]) -> Iterator[ItemFault]:
    columns = [EVENTS.c[name] for name in CONTENT]
    stored: dict[str, Event] = {}
    for part in parts_of([event["event_id"] for event in events]):
        for row in connection.execute(select(*columns).where(EVENTS.c.event_id.in_(part))):
            stored[row.event_id] = dict(zip(CONTENT, row, strict=True))
    for index, event in enumerate(events):
        if not _same(event, stored[event["event_id"]]):
            text = f"{event['event_id']!r} is stored with different contents; events are immutable"
            yield ItemFault(index, "event_id", text)


def _of_retractions(connection: Connection, events: Sequence[Event]) -> Iterator[ItemFault]:
    """Faults of retractions that name no event of their own account; the events of the batch are stored by now."""
    indices = [index for index, event in enumerate(events) if event["kind"] == RETRACTED]
    owners: dict[str, str] = {}
    for part in parts_of(sorted({events[index]["ref"] for index in indices if events[index]["ref"] is not None})):
        request = select(EVENTS.c.event_id, EVENTS.c.account_id)
        request = request.where(EVENTS.c.event_id.in_(part), EVENTS.c.kind != RETRACTED)
        owners |= dict(connection.execute(request).tuples().all())
    for index in indices:
        account, ref = events[index]["account_id"], events[index]["ref"]
        if ref is None:
            yield ItemFault(index, "ref", "is absent: it names the event that is retracted")
        elif owners.get(ref) != account:
            yield ItemFault(index, "ref", f"account {account!r} has no event {ref!r} that could be retracted")


def unretracted(accounts: Sequence[str], cutoff: int) -> ColumnElement[bool]:
    """Return the condition that an event of these accounts is not retracted, as known before the cutoff. The accounts
    are few enough for one statement."""
    other = EVENTS.alias("retraction")
    known = other.c.known_at < cutoff, other.c.occurred_at < cutoff
    named = select(other.c.ref).where(other.c.account_id.in_(accounts), other.c.kind == RETRACTED, *known)
    return and_(EVENTS.c.kind != RETRACTED, EVENTS.c.event_id.not_in(named.where(other.c.ref.is_not(None))))


def _same(event: Event, other: Event) -> bool:
    return event is other or all(
        event.get(name) == other.get(name) or (name == "attributes" and _parsed(event) == _parsed(other))
        for name in CONTENT
    )


def _parsed(event: Event) -> Any:
    return json.loads(event.get("attributes") or "null")


def _first_known(events: Iterable[Event]) -> dict[str, int]:
    first: dict[str, int] = {}
    for event in events:
        first[event["kind"]] = min(event["known_at"], first.get(event["kind"], event["known_at"]))
    return first
