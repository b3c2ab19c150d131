"""Event logs built from columns that are sorted already, as a database hands them out: the way of one request."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kqml.calendar.business_time import Instants
from kqml.events import KINDS, EventKind
from kqml.history.closings import CLOSED_BY, CLOSING
from kqml.history.event_log import CODES, NO_DUE, NOTED, VALUES, EventLog, EventNote
from kqml.history.links import links_of, notes_of
from kqml.history.retractions import retraction_instants

COLUMNS = ("occurred_at", "known_at", "kind", *VALUES, *CODES, "due_at", "event_id", "ref", "attributes")
"""What an event log is built from."""

Column = Sequence[Any] | NDArray[Any]
"""One value per event. Lists have None where a value is absent; arrays, of numbers only, NaN or NO_DUE."""

NEEDED: Mapping[str, frozenset[EventKind]] = {
    "event_id": frozenset(CLOSED_BY),
    "ref": CLOSING | {EventKind.EVENT_RETRACTED},
    "attributes": NOTED,
}
"""Columns of text that only events of these kinds need; an event that is retracted needs its `event_id` as well."""

_NUMBER_OF_CODE = {kind.code: kind.number for kind in KINDS}


def event_log_of_columns(accounts: Sequence[str], counts: Sequence[int], columns: Mapping[str, Column]) -> EventLog:
    """The log of accounts, ascending, the first `counts[0]` events of each column the first one's, and so on.

    Of COLUMNS the first three and those that hold a value; each sorted by account, time, event id; instants as
    microseconds. The same log as `kqml.history.builders.event_log_of` makes of such records.
    """
    kind = np.array([_NUMBER_OF_CODE[code] for code in columns["kind"]], dtype=np.uint8)
    account = np.repeat(np.arange(len(accounts)), counts)
    occurred, known = (np.array(columns[name], dtype=np.int64) for name in ("occurred_at", "known_at"))
    links, notes = _ties(columns, account, kind)
    return EventLog(
        accounts=np.array(accounts, dtype=object),
        offsets=np.concatenate([[0], np.cumsum(counts, dtype=np.int64)]).astype(np.int64),
        occurred_at=occurred,
        known_at=known,
        kind=kind,
        values=_value_at(columns, VALUES, _floats),
        codes={**_value_at(columns, CODES, _codes), **links},
        due_at=_dues(columns["due_at"]) if "due_at" in columns else None,
        notes=notes,
        retracted_at=retraction_instants(account, kind, np.maximum(occurred, known), partial(_targets, columns)),
    )


def _value_at(columns: Mapping[str, Column], names: Sequence[str], read: Callable[[Column], Any]) -> Any:
    return {name: read(columns[name]) for name in names if name in columns}


def _floats(column: Column) -> NDArray[np.float64]:
    return np.array(column, dtype=np.float64)


def _codes(column: Column) -> NDArray[np.int32]:
    codes: dict[str | None, int] = {None: -1}
    return np.array([codes.setdefault(value, len(codes) - 1) for value in column], dtype=np.int32)


def _dues(column: Column) -> Instants:
    if isinstance(column, np.ndarray):
        return np.array(column, dtype=np.int64)
    return np.array([NO_DUE if value is None else value for value in column], dtype=np.int64)


def _ties(
    columns: Mapping[str, Column], account: NDArray[np.int64], kind: NDArray[np.uint8]
) -> tuple[dict[str, NDArray[np.int32]], tuple[EventNote, ...]]:
    texts = {index: text for index, text in enumerate(columns.get("attributes", ())) if text is not None}
    noted, notes = notes_of(texts, kind) if texts else ({}, ())
    if "ref" not in columns:
        return noted, notes
    return noted | links_of(_targets(columns, np.arange(len(kind))), account, kind), notes


def _targets(columns: Mapping[str, Column], rows: NDArray[np.int64]) -> NDArray[np.int64]:
    """Per row the index of the event that it refers to, -1 where there is none."""
    at = {name: index for index, name in enumerate(columns.get("event_id", ())) if name is not None}
    refs = columns.get("ref")
    return np.array([-1 if refs is None else at.get(refs[row], -1) for row in rows.tolist()], dtype=np.int64)
