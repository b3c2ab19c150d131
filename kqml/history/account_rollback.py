"""The table of accounts as it stood at a cutoff: changes that became known or were retracted later are taken back."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import orjson
import pyarrow as pa

from kqml.events import EventKind
from kqml.history.attributes import (
    CHANGED_COLUMN,
    KINDS_OF,
    AttributeChange,
    changes_among,
    has_consent,
    in_business,
    latest_known,
    value_before,
)
from kqml.history.retractions import NEVER

CHANGING = (*CHANGED_COLUMN, EventKind.EVENT_RETRACTED)
"""Kinds of events that change a column of accounts, or take such a change back."""

CHANGE_COLUMNS = ("event_id", "account_id", "occurred_at", "known_at", "kind", "rep_id", "ref", "attributes")
"""What is read of them."""

Event = Mapping[str, Any]


def roll_back(accounts: pa.Table, events: Iterable[Event], cutoff: int, last_rep: Mapping[str, str]) -> pa.Table:
    """Return the accounts as they stood at the cutoff. `events`: all those of CHANGING, in order of time.

    A column that nothing changed from the cutoff on stays as it is. The others have the value after the latest change
    known then, else the one before the first that became known; where that is unknown the rep in charge is the last one
    seen at the account (`last_rep`, of the events known before the cutoff).
    """
    rows = {row["account_id"]: row for row in accounts.to_pylist()}
    own: dict[str, list[Event]] = {}
    for event in events:
        if event["account_id"] in rows:
            own.setdefault(event["account_id"], []).append({**event, "attributes": _parsed(event.get("attributes"))})
    changed = set()
    for account, given in own.items():
        for attribute, column in _COLUMN_OF.items():
            changes, row = changes_among(attribute, given), rows[account]
            if column in row and any(_is_later(change, cutoff) for change in changes):
                before = _value(attribute, cutoff, row[column], changes, last_rep.get(account))
                changed |= {column} if before != row[column] else set()
                row[column] = before
    for column in changed:
        index = accounts.column_names.index(column)
        values = pa.array([row[column] for row in rows.values()], accounts.schema.field(column).type)
        accounts = accounts.set_column(index, accounts.schema.field(column), values)
    return accounts


_COLUMN_OF = {attribute: "attributes" if attribute == "consent" else attribute for attribute in KINDS_OF}


def _is_later(change: AttributeChange, cutoff: int) -> bool:
    """Whether the change became known, or was retracted, at the cutoff or later."""
    return change.visible_at >= cutoff or cutoff <= change.retracted_at < NEVER


def _value(
    attribute: str, cutoff: int, now: str | None, changes: Sequence[AttributeChange], last_rep: str | None
) -> str | None:
    if attribute == "consent":
        return _with_consent(now, cutoff, changes)
    value: str | None = _known_value(cutoff, now, changes, last_rep if attribute == "owner_rep_id" else None)
    if attribute == "status" and (value is None or in_business(value) == in_business(now)):
        # A status that says the same stays, so that `closed` does not become `suspended`; so does that of an account
        # of which the event says that it had none before.
        return now
    return value


def _known_value(cutoff: int, now: Any, changes: Sequence[AttributeChange], otherwise: Any) -> Any:
    """Return the value after the latest change known, else the one before the change that became known first: the table
    held it until then, whenever that change happened."""
    latest = latest_known(cutoff, changes)
    if latest is not None:
        return latest.after
    return value_before(now, sorted(changes, key=lambda change: change.visible_at), otherwise)


def _with_consent(now: str | None, cutoff: int, changes: Sequence[AttributeChange]) -> str | None:
    attributes = _parsed(now)
    before = _known_value(cutoff, has_consent(attributes), changes, otherwise=True)
    if has_consent(attributes) == before:
        return now
    return orjson.dumps({**attributes, "consent": before}).decode()


def _parsed(text: str | None) -> dict[str, Any]:
    result = orjson.loads(text) if text else {}
    return result if isinstance(result, dict) else {}
