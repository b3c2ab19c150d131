"""Store accounts, and each change that a feature may need as an event."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, select, update

from kqml.calendar.business_time import local_midnight
from kqml.dataset.tables import EVENTS as EVENT_COLUMNS
from kqml.events import KIND_OF_CODE, EventKind
from kqml.history.attributes import ANY_TIME, CHANGED_COLUMN, KINDS_OF, STATUS_AFTER, TEXT_COLUMNS, change_of
from serve.database.dataset_info import read_info
from serve.database.events import add_events, describe_later, unretracted
from serve.database.records import StoredRecord, put_rows, read_rows
from serve.database.rejected_rows import ItemFault, RejectedRows
from serve.database.tables import ACCOUNTS, EVENTS
from serve.database.territory import EVERYWHERE, Territory
from serve.database.week_updates import queue_accounts

Row = Mapping[str, Any]

ERASED = "{account!r} was erased: its data must not come back; use another id"
STATUS_KINDS = {status: kind for kind, status in STATUS_AFTER.items()}


def put_accounts(connection: Connection, records: Sequence[Row], now: int, territory: Territory) -> list[StoredRecord]:
    """Store the accounts with the events of their changes; return each with its stored state before.

    Raises RejectedRows where an account is, or would be, outside the territory.
    """
    ids = [record["account_id"] for record in records]
    known = read_rows(connection, ACCOUNTS, ids)
    describe_later(connection, ids, now)
    locked = read_rows(connection, ACCOUNTS, ids, lock=True)
    stored = {name: row for name, row in locked.items() if name in known or row["described"]}
    if faults := list(_outside(records, stored, territory)):
        raise RejectedRows(faults)
    puts = put_rows(connection, ACCOUNTS, records, now, {"described": True})
    puts = [put if put.after["account_id"] in stored else replace(put, before=None) for put in puts]
    events = [event for put in puts if put.changed for event in _events(connection, put, now)]
    if events:
        add_events(connection, events, now, EVERYWHERE)
    queue_accounts(connection, (put.after["account_id"] for put in puts if _moves_week(put)), now)
    return puts


def _moves_week(put: StoredRecord) -> bool:
    """Return whether the running week may change: the account is new, or has another rep, tier or status."""
    columns = ("owner_rep_id", "tier", "status")
    return put.before is None or any(put.before[name] != put.after[name] for name in columns)


def follow_events(connection: Connection, events: Sequence[Row], now: int) -> None:
    """Change the accounts of events just stored to what the newest known event says of owner, tier, credit grade and
    status. An event that becomes known later changes nothing yet."""
    columns = {
        (event["account_id"], CHANGED_COLUMN[kind])
        for event in events
        if (kind := KIND_OF_CODE[event["kind"]]) in CHANGED_COLUMN and kind is not EventKind.CONSENT_CHANGED
    }
    stored = read_rows(connection, ACCOUNTS, sorted({name for name, _ in columns}), lock=True)
    for name, column in sorted(columns):
        codes = [kind.code for kind in KINDS_OF[column]]
        newest = _newest(connection, {"account_id": name, "updated_at": now}, codes)
        if newest is None:
            continue
        change = change_of(KIND_OF_CODE[newest.kind], ANY_TIME, json.loads(newest.attributes or "{}"), newest.rep_id)
        if (stored[name][column] or None) != change.after:
            values = {column: change.after, "version": ACCOUNTS.c.version + 1, "updated_at": now}
            connection.execute(update(ACCOUNTS).where(ACCOUNTS.c.account_id == name).values(values))


def _outside(records: Sequence[Row], stored: Mapping[str, Row], territory: Territory) -> Iterator[ItemFault]:
    """Faults of accounts of other reps, of accounts that would go to other reps, of erased ones."""
    for index, record in enumerate(records):
        before = stored.get(record["account_id"])
        if before is not None and before["erased_at"] is not None and territory.covers(before["owner_rep_id"]):
            yield ItemFault(index, "account_id", ERASED.format(account=record["account_id"]))
            continue
        if before is not None and not territory.covers(before["owner_rep_id"]):
            yield ItemFault(index, "account_id", f"account {record['account_id']!r} does not exist")
        elif not territory.covers(record.get("owner_rep_id")):
            yield ItemFault(index, "owner_rep_id", f"{record.get('owner_rep_id')!r} is not of your territory")


def _events(connection: Connection, put: StoredRecord, now: int) -> Iterator[dict[str, Any]]:
    """The changes that no event of the account records yet."""
    after, before = put.after, put.before if put.before and put.before["described"] else None
    if before is not None:
        for kind, column in TEXT_COLUMNS.items():
            if before[column] != after[column] and not _is_recorded(connection, after, kind, column):
                yield _event(after, column, kind, now, _content(kind, before[column], after[column]))
    was, status = (before or {}).get("status") or "active", after["status"] or "active"
    if was != status and not _ended_as(connection, after, status):
        content = _content(STATUS_KINDS[status], None if before is None else was, status)
        yield _event(after, "status", STATUS_KINDS[status], _since(connection, after, now), content)


def _content(kind: EventKind, before: str | None, after: str | None) -> dict[str, Any]:
    content = {"attributes": json.dumps({"from": before, "to": after}, ensure_ascii=False)}
    return {**content, "rep_id": after} if kind is EventKind.REP_ASSIGNED else content


def _event(account: Row, column: str, kind: EventKind, at: int, content: Row) -> dict[str, Any]:
    name = f"kqml:{column}:{account['version']}:{account['account_id']}"
    facts = {"event_id": name, "account_id": account["account_id"], "kind": kind.code}
    known = account["updated_at"]
    return {**dict.fromkeys(EVENT_COLUMNS.names), **facts, "occurred_at": min(at, known), "known_at": known, **content}


def _since(connection: Connection, account: Row, now: int) -> int:
    day = account["status_since"]
    return now if day is None else local_midnight(day, read_info(connection).time_zone)


def _is_recorded(connection: Connection, account: Row, kind: EventKind, column: str) -> bool:
    """Whether the newest event of the kind, as known now, already records the value of the column."""
    newest = _newest(connection, account, (kind.code,))
    if newest is None:
        return False
    change = change_of(kind, ANY_TIME, json.loads(newest.attributes or "{}"), newest.rep_id)
    return bool(change.after == account[column])


def _ended_as(connection: Connection, account: Row, status: str) -> bool:
    codes = tuple(kind.code for kind in STATUS_KINDS.values())
    newest = _newest(connection, account, codes)
    return newest is not None and STATUS_AFTER[KIND_OF_CODE[newest.kind]] == status


def _newest(connection: Connection, account: Row, kinds: Sequence[str]) -> Any:
    """The last event of these kinds to have happened; one that becomes known later says nothing of the time until
    then."""
    name, cutoff = account["account_id"], account["updated_at"] + 1
    known = EVENTS.c.known_at < cutoff, EVENTS.c.occurred_at < cutoff
    request = select(EVENTS.c.kind, EVENTS.c.rep_id, EVENTS.c.attributes).where(
        EVENTS.c.account_id == name, EVENTS.c.kind.in_(kinds), *known, unretracted([name], cutoff)
    )
    order = (EVENTS.c.occurred_at.desc(), EVENTS.c.event_id.desc())
    return connection.execute(request.order_by(*order).limit(1)).first()
