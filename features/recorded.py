"""Events of chosen kinds with two orders: by when they happened and by when they became known."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from kqml.calendar.business_time import Instants
from kqml.events import EventKind
from kqml.history.event_log import EventLog

Indices = NDArray[np.int64]

BLOCK_ROWS = 1 << 15
"""Rows searched together: what fits a core's cache."""


@dataclass(frozen=True)
class RecordedEvents:
    """The chosen events; those of account a are `offsets[a]:offsets[a + 1]`, in the order in which they happened.

    `visible_at`: the instant after which an event counts as known: it has happened and has been recorded.
    """

    offsets: Indices
    occurred_at: Instants
    kind: NDArray[np.uint8]
    visible_at: Instants

    def known_before(self, account: NDArray[np.integer], instants: Instants) -> Indices:
        """Return how many of each account's events had happened and were known before each instant."""
        low = self.offsets[account]
        known = first_at_or_after(self._visibly.times, low, self.offsets[account + 1], instants) - low
        return np.asarray(known, dtype=np.int64)

    def latest_of(self, account: NDArray[np.integer], known: Indices) -> Indices:
        """Return the index of the latest event to have happened among the first `known` (≥ 1) to become known."""
        return np.asarray(self._visibly.latest[self.offsets[account] + known - 1], dtype=np.int64)

    def next_from(self, account: NDArray[np.integer], instants: Instants) -> Indices:
        """Return the index of each account's first event at or after each instant; the account's end where none is."""
        return first_at_or_after(self.occurred_at, self.offsets[account], self.offsets[account + 1], instants)

    @cached_property
    def _visibly(self) -> "VisibleEvents":
        return visibly(self.offsets, self.visible_at)


@dataclass(frozen=True)
class VisibleEvents:
    """Events by account in the order in which they became known.

    `times`: ascending within each account. `latest`: the index of the latest event to have happened among those known
    by then.
    """

    times: Instants
    latest: Indices


def recorded_events(log: EventLog, kinds: Iterable[EventKind]) -> RecordedEvents:
    """Return the events of these kinds."""
    wanted = np.zeros(np.iinfo(np.uint8).max + 1, dtype=np.bool_)
    wanted[[kind.number for kind in kinds]] = True
    chosen = np.flatnonzero(wanted[log.kind])
    occurred_at = log.occurred_at[chosen]
    offsets = np.searchsorted(chosen, log.offsets)
    return RecordedEvents(offsets, occurred_at, log.kind[chosen], np.maximum(occurred_at, log.known_at[chosen]))


def visibly(offsets: Indices, visible_at: Instants) -> VisibleEvents:
    """Return the order of record of events grouped by `offsets`."""
    account = np.repeat(np.arange(len(offsets) - 1), np.diff(offsets))
    indices = np.arange(len(visible_at))
    out_of_order = (np.diff(visible_at) < 0) & (np.diff(account) == 0)
    # Most logs are recorded in order; then no sort is needed, and otherwise only accounts with late records are sorted.
    if not out_of_order.any():
        return VisibleEvents(visible_at, indices)
    late = np.isin(account, account[1:][out_of_order])
    indices[late] = indices[late][np.lexsort((visible_at[late], account[late]))]
    # A running maximum over all accounts is safe: indices of a later account are larger.
    return VisibleEvents(visible_at[indices], np.maximum.accumulate(indices))


def first_at_or_after(times: Instants, low: Indices, high: Indices, instants: Instants) -> Indices:
    """Return per row the first index in `low:high` whose time is at or after the instant; `high` where there is none.

    `times` ascends within each `low:high`.
    """
    result = np.empty(len(low), dtype=np.int64)
    for start in range(0, len(low), BLOCK_ROWS):
        rows = slice(start, start + BLOCK_ROWS)
        result[rows] = _halved(times, low[rows], high[rows], instants[rows])
    return result


def _halved(times: Instants, low: Indices, high: Indices, instants: Instants) -> Indices:
    """Search all ranges by halves at once, until the longest is empty."""
    longest = int((high - low).max(initial=0))
    for _ in range(longest.bit_length()):
        middle = (low + high) >> 1
        open_ = low < high
        earlier = open_ & (times[np.minimum(middle, len(times) - 1)] < instants)
        low = np.where(earlier, middle + 1, low)
        high = np.where(open_ & ~earlier, middle, high)
    return low
