"""Periods with hardly any sales: candidates for quiet periods."""

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import median_filter

from features.context import Context
from kqml.calendar.business_time import DAY_US, Instants, local_days, offsets_at
from kqml.contract.fields import Count, Day
from kqml.events import EventKind
from kqml.history.event_log import EventLog

WEEKS_AROUND = 13
"""A day is compared with the median of the same weekday in the 13 weeks around it."""

LOW = 0.25
FEWEST_EXPECTED = 5.0
FEWEST_DAYS = 3

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class QuietStretch:
    """At least FEWEST_DAYS trading days from `start` to `end` (ISO, not included) with under a quarter of the
    `expected` orders."""

    start: Day
    end: Day
    orders: Count
    expected: Count


def undeclared_stretches(log: EventLog, context: Context) -> tuple[QuietStretch, ...]:
    """Return every such stretch outside the declared quiet periods, oldest first; weekdays without trade neither
    count nor interrupt."""
    first, counts = _daily_orders(log, context.time_zone)
    if not len(counts):
        return ()
    expected = _expected(counts)
    trading = expected >= FEWEST_EXPECTED
    low = trading & (counts < LOW * expected) & ~_declared(first, len(counts), context)
    return tuple(_stretch(first, run, counts, expected) for run in _runs(low, trading))


def _daily_orders(log: EventLog, time_zone: str) -> tuple[int, Floats]:
    """Return the first local day with an order, the number of orders on each day from it."""
    log = log.settled()
    days = local_days(log.occurred_at[log.kind == EventKind.ORDER.number], time_zone)
    if not len(days):
        return 0, np.zeros(0)
    return int(days.min()), np.bincount(days - days.min()).astype(np.float64)


def _expected(counts: Floats) -> Floats:
    weeks = -(-len(counts) // 7)
    table = np.pad(counts, (0, 7 * weeks - len(counts)), constant_values=np.nan).reshape(weeks, 7)
    table = np.where(np.isnan(table), table[max(0, weeks - 2)], table)
    return np.asarray(median_filter(table, size=(WEEKS_AROUND, 1), mode="nearest").ravel()[: len(counts)])


def _declared(first: int, days: int, context: Context) -> NDArray[np.bool_]:
    """Return which days begin inside a declared quiet period."""
    begins: Instants = (first + np.arange(days, dtype=np.int64)) * DAY_US
    begins = begins - offsets_at(begins, context.time_zone)
    return np.asarray(context.quiet.active(begins + DAY_US) == context.quiet.active(begins), dtype=np.bool_)


def _runs(low: NDArray[np.bool_], trading: NDArray[np.bool_]) -> list[NDArray[np.int64]]:
    """Return the trading days of each run of low ones that no ordinary trading day interrupts, where it is long
    enough."""
    days = np.flatnonzero(trading)
    breaks = np.flatnonzero(np.diff(low[days].astype(np.int8))) + 1
    runs = [run for run in np.split(days, breaks) if len(run) >= FEWEST_DAYS]
    return [run for run in runs if low[run[0]]]


def _stretch(first: int, run: NDArray[np.int64], counts: Floats, expected: Floats) -> QuietStretch:
    start, end = (date(1970, 1, 1) + timedelta(days=first + int(day)) for day in (run[0], run[-1] + 1))
    days = slice(int(run[0]), int(run[-1]) + 1)
    return QuietStretch(start.isoformat(), end.isoformat(), int(counts[days].sum()), round(float(expected[days].sum())))
