"""The context of features beside the events: recording starts, quiet days, time zone, openings."""

from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd

from kqml.calendar.business_time import (
    DAY_US,
    NO_QUIET_PERIODS,
    Instants,
    QuietPeriods,
    local_midnight,
    zone_changes,
)
from kqml.dataset.folder import DatasetInfo
from kqml.events import KINDS, EventKind
from kqml.history.event_log import EventLog

NEVER = np.iinfo(np.int64).max
UNKNOWN = np.iinfo(np.int64).min


@dataclass(frozen=True)
class Context:
    """`recorded_since`: per `EventKind.number` the first instant at which an event of the kind was *known*, NEVER
    where none was; a window that reaches before it is missing, not 0. Being a time of knowledge it cannot leak:
    a kind first known at or after a cutoff is missing there either way.
    `opened_at`: per account of the log the local midnight of `opened_on`, UNKNOWN where absent (then the first
    visible event opens the account).
    """

    recorded_since: Instants
    opened_at: Instants
    time_zone: str = "UTC"
    quiet: QuietPeriods = NO_QUIET_PERIODS

    def between(self, start: int, stop: int) -> "Context":
        """Return the context of accounts `start:stop` of the log."""
        return Context(self.recorded_since, self.opened_at[start:stop], self.time_zone, self.quiet)


def context_of(info: DatasetInfo, accounts: pd.DataFrame, log: EventLog) -> Context:
    """Return the context of a dataset's log; `accounts` has one row for each account of the log, in its order, and
    opens them by `opened_on` where it has that column."""
    opened = accounts.get("opened_on")
    unknown = np.full(log.account_count, UNKNOWN)
    return Context(
        recorded_since=recorded_since(info),
        opened_at=unknown if opened is None else midnights(opened, info.time_zone),
        time_zone=info.time_zone,
        quiet=quiet_periods(info),
    )


def recorded_since(info: DatasetInfo) -> Instants:
    """Return per kind number the first instant at which one was known, NEVER where none was, and for retractions, which
    no feature counts."""
    since = np.full(len(KINDS), NEVER, dtype=np.int64)
    for kind, instant in info.first_known.items():
        since[kind.number] = instant
    since[EventKind.EVENT_RETRACTED.number] = NEVER
    return since


def quiet_periods(info: DatasetInfo) -> QuietPeriods:
    """Return the declared quiet days, from local midnight to local midnight."""
    return QuietPeriods.of(
        (_midnight(period.start, info.time_zone), _midnight(period.end, info.time_zone))
        for period in info.quiet_periods
    )


def _midnight(day: str, time_zone: str) -> int:
    return local_midnight(date.fromisoformat(day), time_zone)


def midnights(days: "pd.Series[pd.Timestamp]", time_zone: str) -> Instants:
    """Return the local midnight of each naive date, UNKNOWN where it is missing."""
    local = days.to_numpy(dtype="datetime64[D]").astype(np.int64) * DAY_US
    missing = days.isna().to_numpy()
    changes, offsets = zone_changes(time_zone)
    changed_at = changes + offsets[1:]
    return np.where(missing, UNKNOWN, local - offsets[np.searchsorted(changed_at, local, side="right")])
