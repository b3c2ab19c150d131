"""Event logs built from columns that are sorted already, as a database hands them out: the way of one request."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kqml.calendar import Instants
from kqml.eventlog import CLOSED_BY, CODES, NO_DUE, NOTED, VALUES, EventLog, Note
from kqml.events import KINDS, EventKind
from kqml.loglinks import CLOSING, links_of, notes_of

COLUMNS = ("occurred_at", "known_at", "kind", *VALUES, *CODES, "due_at", "event_id", "ref", "attributes")
"""What an event log is built from, in the order of `event_log_of_columns`."""

NEEDED: Mapping[str, frozenset[EventKind]] = {
    "event_id": frozenset(CLOSED_BY),
    "ref": CLOSING,
    "attributes": NOTED,
}
"""Columns of text that only events of these kinds need."""

_NUMBER_OF_CODE = {kind.code: kind.number for kind in KINDS}


def event_log_of_columns(accounts: Sequence[str], counts: Sequence[int], columns: Sequence[Sequence[Any]]) -> EventLog:
    """The log of accounts, ascending, the first `counts[0]` events of each column the first one's, and so on.

    Columns as in COLUMNS, each sorted by account, time, event id; instants as microseconds, None where absent. Columns
    of None alone are left out. The same log as `kqml.logbuilding.event_log_of` makes of such records.
    """
    given = dict(zip(COLUMNS, columns, strict=True)) if columns else dict.fromkeys(COLUMNS, ())
    kind = np.array([_NUMBER_OF_CODE[code] for code in given["kind"]], dtype=np.uint8)
    account = np.repeat(np.arange(len(accounts)), counts)
    links, notes = _ties(given, account, kind)
    return EventLog(
        accounts=np.array(accounts, dtype=object),
        offsets=np.concatenate([[0], np.cumsum(counts, dtype=np.int64)]).astype(np.int64),
        occurred_at=np.array(given["occurred_at"], dtype=np.int64),
        known_at=np.array(given["known_at"], dtype=np.int64),
        kind=kind,
        values=_held(given, VALUES, _floats),
        codes={**_held(given, CODES, _codes), **links},
        due_at=_dues(given["due_at"]) if _holds(given["due_at"]) else None,
        notes=notes,
    )


def _holds(column: Sequence[Any]) -> bool:
    return column.count(None) < len(column)


def _held(given: Mapping[str, Sequence[Any]], names: Sequence[str], read: Callable[[Sequence[Any]], Any]) -> Any:
    return {name: read(given[name]) for name in names if _holds(given[name])}


def _floats(column: Sequence[Any]) -> NDArray[np.float64]:
    return np.array(column, dtype=np.float64)


def _codes(column: Sequence[Any]) -> NDArray[np.int32]:
    codes: dict[str | None, int] = {None: -1}
    return np.array([codes.setdefault(value, len(codes) - 1) for value in column], dtype=np.int32)


def _dues(column: Sequence[Any]) -> Instants:
    return np.array([NO_DUE if value is None else value for value in column], dtype=np.int64)


def _ties(
    given: Mapping[str, Sequence[Any]], account: NDArray[np.int64], kind: NDArray[np.uint8]
) -> tuple[dict[str, NDArray[np.int32]], tuple[Note, ...]]:
    texts = {place: text for place, text in enumerate(given["attributes"]) if text is not None}
    noted, notes = notes_of(texts, kind) if texts else ({}, ())
    if not _holds(given["ref"]):
        return noted, notes
    at = {name: place for place, name in enumerate(given["event_id"]) if name is not None}
    opener = np.array([-1 if ref is None else at.get(ref, -1) for ref in given["ref"]], dtype=np.int64)
    return noted | links_of(opener, account, kind), notes
