"""Business time: local days of a time zone, the clock that stands still on quiet days."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache
from itertools import pairwise
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

DAY_US = 86_400_000_000
"""Microseconds of a day: instants are int64 microseconds since 1970-01-01 UTC everywhere below the borders."""

Instants = NDArray[np.int64]


def instant_of(moment: datetime) -> int:
    """Microseconds since the epoch of an aware datetime. Raises ValueError on a naive one."""
    if moment.tzinfo is None:
        raise ValueError(f"{moment.isoformat()} has no time zone")
    return (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)


def moment_of(instant: int, time_zone: str = "UTC") -> datetime:
    """The aware datetime of an instant in a time zone."""
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=int(instant))).astimezone(ZoneInfo(time_zone))


def local_midnight(day: date, time_zone: str) -> int:
    """The instant at which `day` begins in `time_zone`."""
    return instant_of(datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(time_zone)))


def local_days(instants: Instants, time_zone: str) -> NDArray[np.int64]:
    """Days since 1970-01-01 of each instant as read on a local calendar; Monday is a day d with (d + 3) % 7 == 0."""
    return np.asarray((instants + offsets_at(instants, time_zone)) // DAY_US, dtype=np.int64)


def offsets_at(instants: Instants, time_zone: str) -> Instants:
    """Each instant's distance from UTC in `time_zone`, in microseconds."""
    if not len(instants):
        return np.zeros(0, dtype=np.int64)
    changes, offsets = _transitions(int(instants.min()), int(instants.max()), ZoneInfo(time_zone))
    return offsets[np.searchsorted(changes, instants, side="right")]


@cache
def zone_changes(time_zone: str) -> tuple[Instants, Instants]:
    """The instants from 1950 to 2100 at which a zone's offset changes; the offsets before, between, after them."""
    zone = ZoneInfo(time_zone)
    return _transitions(-20 * 365 * DAY_US, 130 * 365 * DAY_US, zone)


def _transitions(first: int, last: int, zone: ZoneInfo) -> tuple[Instants, Instants]:
    """The instants in (first, last] at which the zone's offset changes, and the offsets between them."""
    probes = np.arange(first, last + 7 * DAY_US, 7 * DAY_US).tolist()
    offsets, changes = [_offset(first, zone)], []
    for left, right in pairwise(probes):
        if _offset(right, zone) != offsets[-1]:
            changes.append(_bisect_change(left, right, zone))
            offsets.append(_offset(right, zone))
    return np.array(changes, dtype=np.int64), np.array(offsets, dtype=np.int64)


def _offset(instant: int, zone: ZoneInfo) -> int:
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=instant)
    return (moment.astimezone(zone).utcoffset() or timedelta()) // timedelta(microseconds=1)


def _bisect_change(left: int, right: int, zone: ZoneInfo) -> int:
    before = _offset(left, zone)
    while right - left > 1:
        middle = (left + right) // 2
        left, right = (middle, right) if _offset(middle, zone) == before else (left, middle)
    return right


@dataclass(frozen=True)
class QuietPeriods:
    """Declared quiet time as sorted, disjoint, half-open intervals of instants.

    *Active time* is time less the quiet time before it: gaps, horizons, recency are measured in it.
    """

    starts: Instants
    ends: Instants

    @classmethod
    def of(cls, periods: Iterable[tuple[int, int]]) -> "QuietPeriods":
        """Merges overlapping periods; raises ValueError where one ends before it starts."""
        merged: list[tuple[int, int]] = []
        for start, end in sorted(periods):
            if end <= start:
                raise ValueError(f"a quiet period ends at {end}, not after its start {start}")
            if merged and start <= merged[-1][1]:
                merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
            else:
                merged.append((start, end))
        pairs = np.array(merged, dtype=np.int64).reshape(-1, 2)
        return cls(np.ascontiguousarray(pairs[:, 0]), np.ascontiguousarray(pairs[:, 1]))

    def active(self, instants: Instants) -> Instants:
        """Each instant less all quiet time before it."""
        if not len(self.starts):
            return instants
        past = np.concatenate([[0], np.cumsum(self.ends - self.starts)])
        index = np.searchsorted(self.starts, instants, side="right")
        inside = np.where(index > 0, np.maximum(self.ends[index - 1] - instants, 0), 0)
        return np.asarray(instants - past[index] + inside, dtype=np.int64)

    def after(self, instants: Instants, days: float) -> Instants:
        """The first instant, not before the given one, by which `days` days of active time have passed."""
        target = self.active(instants) + round(days * DAY_US)
        if not len(self.starts):
            return np.asarray(target, dtype=np.int64)
        past = np.concatenate([[0], np.cumsum(self.ends - self.starts)])
        index = np.searchsorted(self.active(self.starts), target, side="left")
        return np.asarray(np.maximum(target + past[index], instants), dtype=np.int64)


NO_QUIET_PERIODS = QuietPeriods.of([])
