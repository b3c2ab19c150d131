"""The arrays that the kernel reads: one set of types, so that it is compiled once.

All are read-only views: Numba compiles anew for each mix of writable and read-only arrays.
"""

from datetime import date
from functools import cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from features.context import Context
from features.note_tables import NoteTables
from features.rows import Rows
from kqml.calendar.business_time import Instants, local_midnight, zone_changes
from kqml.calendar.festivals import festival
from kqml.history.event_log import CLOSES, CODES, LINKS, NOTE, OPENS, VALUES, EventLog

YEARS = range(1969, 2101)

_NO_VALUE = np.zeros(0, dtype=np.float64)
_NO_CODE = np.zeros(0, dtype=np.int32)
_NO_INSTANT = np.zeros(0, dtype=np.int64)

_CODES = (*CODES, *LINKS)
REP_COLUMN, NOTE_COLUMN, OPENS_COLUMN, CLOSES_COLUMN = map(_CODES.index, ("rep_id", NOTE, OPENS, CLOSES))
"""Indices in `LogArrays.codes`."""


class LogArrays(NamedTuple):
    """An event log; `values`, `codes` in the order of VALUES, CODES with LINKS, of length 0 where the data lack a
    column, likewise `due_at`, `retracted_at`. `books`, `fields`: what notes mean (features.note_tables)."""

    offsets: NDArray[np.int64]
    occurred_at: Instants
    known_at: Instants
    kind: NDArray[np.uint8]
    values: tuple[NDArray[np.float64], ...]
    codes: tuple[NDArray[np.int32], ...]
    due_at: Instants
    retracted_at: Instants
    books: NDArray[np.float64]
    fields: NDArray[np.int64]


class WorldArrays(NamedTuple):
    """A context: what is recorded since when, openings, the zone's offsets, the quiet periods, where months and Spring
    Festivals begin."""

    recorded_since: Instants
    opened_at: Instants
    zone_changes: Instants
    zone_offsets: Instants
    quiet_starts: Instants
    quiet_ends: Instants
    month_starts: Instants
    festivals: Instants


class RowArrays(NamedTuple):
    """The requested rows: pairs of account and cutoff, sorted."""

    account: NDArray[np.int32]
    cutoff: Instants


def log_arrays(log: EventLog, notes: NoteTables) -> LogArrays:
    """Return the log as the kernel reads it, its events without copying."""
    return LogArrays(
        _view(log.offsets, np.int64),
        _view(log.occurred_at, np.int64),
        _view(log.known_at, np.int64),
        _view(log.kind, np.uint8),
        tuple(_view(log.values.get(name, _NO_VALUE), np.float64) for name in VALUES),
        tuple(_view(log.codes.get(name, _NO_CODE), np.int32) for name in _CODES),
        _view(_NO_INSTANT if log.due_at is None else log.due_at, np.int64),
        _view(_NO_INSTANT if log.retracted_at is None else log.retracted_at, np.int64),
        _view(notes.books(log.notes), np.float64),
        _view(notes.fields(log.notes), np.int64),
    )


def world_arrays(context: Context) -> WorldArrays:
    """Return the context as the kernel reads it."""
    changes, offsets = zone_changes(context.time_zone)
    return WorldArrays(
        _view(context.recorded_since, np.int64),
        _view(context.opened_at, np.int64),
        _view(changes, np.int64),
        _view(offsets, np.int64),
        _view(context.quiet.starts, np.int64),
        _view(context.quiet.ends, np.int64),
        _view(month_starts(context.time_zone), np.int64),
        _view(spring_festivals(context.time_zone), np.int64),
    )


def row_arrays(rows: Rows) -> RowArrays:
    """Return the rows as the kernel reads them."""
    return RowArrays(_view(rows.account, np.int32), _view(rows.cutoff, np.int64))


def _view(array: NDArray[Any], dtype: type) -> NDArray[Any]:
    # A view, so that the caller's own array stays writable.
    view: NDArray[Any] = np.ascontiguousarray(array, dtype=dtype).view()
    view.flags.writeable = False
    return view


@cache
def month_starts(time_zone: str) -> Instants:
    """Return the local midnight with which each month begins, ascending."""
    days = [date(year, month, 1) for year in YEARS for month in range(1, 13)]
    return np.array([local_midnight(day, time_zone) for day in days], dtype=np.int64)


@cache
def spring_festivals(time_zone: str) -> Instants:
    """Return the local midnight with which each Spring Festival begins, ascending."""
    return np.array([local_midnight(festival("spring_festival", year), time_zone) for year in YEARS], dtype=np.int64)
