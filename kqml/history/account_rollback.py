"""The table of accounts as it stood at a cutoff: changes that became known later are taken back."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import orjson
import pyarrow as pa

from kqml.events import EventKind

ENDED, REOPENED = "suspended", "active"
"""Status before an account was reopened, before it was suspended, closed or transferred."""

TEXT_COLUMNS = {
    EventKind.TIER_CHANGED.code: "tier",
    EventKind.CREDIT_CHANGED.code: "credit_grade",
    EventKind.REP_ASSIGNED.code: "owner_rep_id",
}
STATUS_BEFORE = {
    EventKind.ACCOUNT_SUSPENDED.code: REOPENED,
    EventKind.ACCOUNT_CLOSED.code: REOPENED,
    EventKind.ACCOUNT_TRANSFERRED.code: REOPENED,
    EventKind.ACCOUNT_REOPENED.code: ENDED,
}
CONSENT = EventKind.CONSENT_CHANGED.code
CHANGING = tuple(kind for kind in EventKind if kind.code in {*TEXT_COLUMNS, *STATUS_BEFORE, CONSENT})
"""Kinds of events that change a column of accounts."""

Event = Mapping[str, Any]


def roll_back(accounts: pa.Table, later: Iterable[Event], last_rep: Mapping[str, str]) -> pa.Table:
    """Return the accounts without the changes of `later`, the events of CHANGING known at or after the cutoff.

    The first of them to become known says what was there before it. Where it does not, a table that holds none of the
    later values was never changed and stays; else the value before is unknown, the rep in charge being the last one
    seen at the account (`last_rep`, of the events known before the cutoff).
    """
    rows = {row["account_id"]: row for row in accounts.to_pylist()}
    changes: dict[tuple[str, str], list[Event]] = {}
    for event in sorted(later, key=lambda event: (event["known_at"], event["occurred_at"], event["event_id"])):
        if event["account_id"] in rows:
            changes.setdefault((event["account_id"], _column(event["kind"])), []).append(event)
    changed = set()
    for (account, column), events in changes.items():
        row = rows[account]
        before = _before(row, column, events, last_rep.get(account))
        if column in row and before != row[column]:
            row[column] = before
            changed.add(column)
    for column in changed:
        place = accounts.column_names.index(column)
        values = pa.array([row[column] for row in rows.values()], accounts.schema.field(column).type)
        accounts = accounts.set_column(place, accounts.schema.field(column), values)
    return accounts


def _column(kind: str) -> str:
    return "attributes" if kind == CONSENT else TEXT_COLUMNS.get(kind, "status")


def _before(row: Mapping[str, Any], column: str, events: Sequence[Event], last_rep: str | None) -> str | None:
    first, now = events[0], row.get(column)
    if column == "status":
        return _status_before(first, now)
    if column == "attributes":
        return _attributes_before(first, now)
    note = _note(first)
    if "from" in note:
        return note["from"] if isinstance(note["from"], str) else None
    if now not in [_after(event) for event in events]:
        return now
    return last_rep if column == "owner_rep_id" else None


def _after(event: Event) -> Any:
    return event["rep_id"] if event["kind"] == EventKind.REP_ASSIGNED.code else _note(event).get("to")


def _status_before(first: Event, now: str | None) -> str | None:
    """A status that says the same stays, so that `closed` does not become `suspended`; so does that of an account of
    which the event says that it had none before."""
    before = _note(first).get("from", STATUS_BEFORE[first["kind"]])
    if before is None:
        return now
    same = (now in (None, REOPENED)) == (before == REOPENED)
    return now if same else before


def _attributes_before(first: Event, now: str | None) -> str | None:
    """Consent is given unless something says that it is not."""
    attributes = _parsed(now)
    before = _note(first).get("from", True) is not False
    if (attributes.get("consent") is not False) == before:
        return now
    return orjson.dumps({**attributes, "consent": before}).decode()


def _note(event: Event) -> dict[str, Any]:
    return _parsed(event["attributes"])


def _parsed(text: str | None) -> dict[str, Any]:
    result = orjson.loads(text) if text else {}
    return result if isinstance(result, dict) else {}
