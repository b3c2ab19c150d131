"""Cutoffs: the instants at which predictions are made, as a grid or one by one."""

import math
from datetime import date, datetime, time, timedelta
from typing import TypeVar
from zoneinfo import ZoneInfo

import numpy as np

from features.churn_definition import ChurnDefinition, windows_of
from features.context import Context
from kqml.calendar.business_time import DAY_US, Instants, instant_of, local_midnight, moment_of
from kqml.errors import BadUse, Fault, Refused
from kqml.events import EventKind
from kqml.history.event_log import EventLog

_NOTHING = Fault("events", "the log is empty", "import a history first")
_NO_ORDERS = Fault("events", "the log has no orders", "map the rows of orders to the kind `order`")

Day = TypeVar("Day", bound=date)
FIRST_YEAR, LAST_YEAR = 1970, 2099
"""Years that data and requests may speak of."""

DEFAULT_HISTORY_DAYS = 365
DEFAULT_HISTORY_SHARE = 0.25
"""Without --start the first cutoff leaves a year of history behind it, or a quarter of a shorter log."""


def parse_cutoff(text: str, time_zone: str) -> int:
    """Return the instant of a date (its local midnight) or of an instant with offset, of the years 1970 to 2099.

    Raises BadUse on anything else.
    """
    try:
        if len(text) == len("2024-01-31"):
            return local_midnight(_in_reach(date.fromisoformat(text)), time_zone)
        return instant_of(_in_reach(datetime.fromisoformat(text)))
    except ValueError as error:
        todo = "give a date such as 2024-01-31 or an instant with offset such as 2024-01-31T09:00+08:00"
        raise BadUse("The cutoff is not valid.", [Fault("cutoff", f"{text!r}: {error}", todo)]) from error


def _in_reach(day: Day) -> Day:
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise ValueError(f"year {day.year} is not within {FIRST_YEAR} to {LAST_YEAR}")
    return day


def default_cutoff(log: EventLog, time_zone: str) -> int:
    """Return the local midnight after the last `known_at`: every event is visible. Raises Refused on an empty log."""
    if not len(log):
        raise Refused("There are no events to take a cutoff from.", [_NOTHING])
    return _midnight(int(log.known_at.max()), time_zone, days_later=1)


def last_day(log: EventLog, time_zone: str) -> int:
    """Return the local midnight of the last day of the log: that of the latest event that had happened when it was
    recorded.

    An event recorded ahead of its time (a due payment) counts on the day of its record.
    """
    if not len(log):
        raise Refused("There are no events to take a last day from.", [_NOTHING])
    return _midnight(int(np.minimum(log.occurred_at, log.known_at).max()), time_zone)


def default_start(log: EventLog, time_zone: str) -> int:
    """Return the first local midnight with a year of orders before it, or a quarter of a log shorter than four."""
    ordered = log.occurred_at[log.kind == EventKind.ORDER.number]
    if not len(ordered):
        raise Refused("There are no orders, so no account can be scored.", [_NO_ORDERS])
    first = int(ordered.min())
    history = min(DEFAULT_HISTORY_DAYS * DAY_US, DEFAULT_HISTORY_SHARE * (last_day(log, time_zone) - first))
    return _midnight(first + math.floor(max(history, 0)) - 1, time_zone, days_later=1)


def grid(start: int, every_days: int, until: int, time_zone: str) -> Instants:
    """Return `start` and every `every_days` local days later, at most `until`; all are local midnights."""
    if every_days < 1:
        raise BadUse(
            "The interval between cutoffs is not valid.",
            [Fault("--every", f"{every_days} is below 1", "give a number of days")],
        )
    first = moment_of(start, time_zone)
    steps = max(0, (until - start) // (every_days * DAY_US) + 2)
    instants = [instant_of(first + timedelta(days=every_days * step)) for step in range(steps)]
    return np.array([instant for instant in instants if instant <= until], dtype=np.int64)


def cutoff_grid(
    log: EventLog,
    context: Context,
    definition: ChurnDefinition,
    every_days: int,
    start: int | None = None,
    *,
    label_lag_days: float = 0.0,
) -> Instants:
    """Return the cutoffs of a training set: from `start` (None: `default_start`) to the last one whose window closes at
    or before the last day and whose labels are mature by the default cutoff; empty when none is."""
    zone = context.time_zone
    begins = default_start(log, zone) if start is None else start
    ends = last_day(log, zone)
    cutoffs = grid(begins, every_days, ends, zone)
    windows = windows_of(cutoffs, definition, context.quiet, label_lag_days)
    return cutoffs[(windows.closes <= ends) & (windows.matures <= default_cutoff(log, zone))]


def _midnight(instant: int, time_zone: str, days_later: int = 0) -> int:
    day = moment_of(instant, time_zone).date() + timedelta(days=days_later)
    return instant_of(datetime.combine(day, time(), tzinfo=ZoneInfo(time_zone)))
