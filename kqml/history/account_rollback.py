"""The table of accounts as it stood at a cutoff: changes that became known later are taken back."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import orjson
import pyarrow as pa

from kqml.events import KIND_OF_CODE
from kqml.history.attributes import (
    ANY_TIME,
    CHANGED_COLUMN,
    AttributeChange,
    change_of,
    has_consent,
    in_business,
    value_before,
)

CHANGING = tuple(CHANGED_COLUMN)
"""Kinds of events that change a column of accounts."""

_COLUMN_OF_CODE = {kind.code: column for kind, column in CHANGED_COLUMN.items()}

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
            changes.setdefault((event["account_id"], _COLUMN_OF_CODE[event["kind"]]), []).append(event)
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


def _before(row: Mapping[str, Any], column: str, events: Sequence[Event], last_rep: str | None) -> str | None:
    first, now = events[0], row.get(column)
    if column == "status":
        return _status_before(first, now)
    if column == "attributes":
        return _attributes_before(first, now)
    said = [_change(event) for event in events]
    before: str | None = value_before(now, said, last_rep if column == "owner_rep_id" else None)
    return before


def _change(event: Event) -> AttributeChange:
    return change_of(KIND_OF_CODE[event["kind"]], ANY_TIME, _note(event), event["rep_id"])


def _status_before(first: Event, now: str | None) -> str | None:
    """A status that says the same stays, so that `closed` does not become `suspended`; so does that of an account of
    which the event says that it had none before."""
    before: str | None = _change(first).before
    return now if before is None or in_business(now) == in_business(before) else before


def _attributes_before(first: Event, now: str | None) -> str | None:
    attributes = _parsed(now)
    before = value_before(has_consent(attributes), [_change(first)], otherwise=True)
    if has_consent(attributes) == before:
        return now
    return orjson.dumps({**attributes, "consent": before}).decode()


def _note(event: Event) -> dict[str, Any]:
    return _parsed(event["attributes"])


def _parsed(text: str | None) -> dict[str, Any]:
    result = orjson.loads(text) if text else {}
    return result if isinstance(result, dict) else {}
