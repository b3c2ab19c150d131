"""Events of chosen kinds with two orders: by when they happened and by when they became known or were retracted."""

from bisect import insort
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from kqml.calendar.business_time import Instants
from kqml.events import EventKind
from kqml.history.event_log import EventLog
from kqml.history.retractions import NEVER

Indices = NDArray[np.int64]

BLOCK_ROWS = 1 << 15
"""Rows searched together: what fits a core's cache."""


@dataclass(frozen=True)
class RecordedEvents:
    """The chosen events; those of account a are `offsets[a]:offsets[a + 1]`, in the order in which they happened.

    `visible_at`: the instant after which an event counts as known: it has happened and has been recorded.
    `retracted_at`: the instant after which it no longer counts; None where nothing is retracted.
    """

    offsets: Indices
    occurred_at: Instants
    kind: NDArray[np.uint8]
    visible_at: Instants
    retracted_at: Instants | None = None

    def known_before(self, account: NDArray[np.integer], instants: Instants) -> tuple[Indices, Indices]:
        """Return how many of each account's events had happened, were known and not retracted before each instant, and
        the index of the latest of them to have happened, -1 where there is none."""
        steps = self._visibly
        if not len(steps.times):
            return np.zeros(len(account), dtype=np.int64), np.full(len(account), -1)
        low = steps.offsets[account]
        seen = first_at_or_after(steps.times, low, steps.offsets[account + 1], instants)
        known = seen - low
        last = np.where(known > 0, steps.latest[seen - 1], -1)
        return known if steps.count is None else np.where(known > 0, steps.count[seen - 1], 0), last

    def is_known(self, indices: Indices, instants: Instants) -> NDArray[np.bool_]:
        """Return whether the event at each index was known and not retracted before each instant."""
        known = self.visible_at[indices] < instants
        return known if self.retracted_at is None else known & (self.retracted_at[indices] >= instants)

    def next_from(self, account: NDArray[np.integer], instants: Instants) -> Indices:
        """Return the index of each account's first event at or after each instant; the account's end where none is."""
        return first_at_or_after(self.occurred_at, self.offsets[account], self.offsets[account + 1], instants)

    @cached_property
    def _visibly(self) -> "VisibleEvents":
        steps = visibly(self.offsets, self.visible_at)
        return steps if self.retracted_at is None else with_retractions(self, steps)


@dataclass(frozen=True)
class VisibleEvents:
    """The steps by which the events of account a become known or retracted, at `offsets[a]:offsets[a + 1]`.

    `times`: ascending within each account. `latest`: the index of the latest event to have happened among those known
    by then, -1 where there is none. `count`: how many are known then; None where each step adds one.
    """

    offsets: Indices
    times: Instants
    latest: Indices
    count: Indices | None = None


def recorded_events(log: EventLog, kinds: Iterable[EventKind]) -> RecordedEvents:
    """Return the events of these kinds."""
    wanted = np.zeros(np.iinfo(np.uint8).max + 1, dtype=np.bool_)
    wanted[[kind.number for kind in kinds]] = True
    chosen = np.flatnonzero(wanted[log.kind])
    occurred_at = log.occurred_at[chosen]
    offsets = np.searchsorted(chosen, log.offsets)
    retracted = None if log.retracted_at is None else log.retracted_at[chosen]
    visible_at = np.maximum(occurred_at, log.known_at[chosen])
    return RecordedEvents(offsets, occurred_at, log.kind[chosen], visible_at, retracted)


def visibly(offsets: Indices, visible_at: Instants) -> VisibleEvents:
    """Return the order of record of events grouped by `offsets`."""
    account = np.repeat(np.arange(len(offsets) - 1), np.diff(offsets))
    indices = np.arange(len(visible_at))
    out_of_order = (np.diff(visible_at) < 0) & (np.diff(account) == 0)
    # Most logs are recorded in order; then no sort is needed, and otherwise only accounts with late records are sorted.
    if not out_of_order.any():
        return VisibleEvents(offsets, visible_at, indices)
    late = np.isin(account, account[1:][out_of_order])
    indices[late] = indices[late][np.lexsort((visible_at[late], account[late]))]
    # A running maximum over all accounts is safe: indices of a later account are larger.
    return VisibleEvents(offsets, visible_at[indices], np.maximum.accumulate(indices))


def with_retractions(events: RecordedEvents, steps: VisibleEvents) -> VisibleEvents:
    """Return the steps in which events are retracted as well; accounts without retractions keep theirs."""
    assert events.retracted_at is not None
    account = np.repeat(np.arange(len(events.offsets) - 1), np.diff(events.offsets))
    touched = np.unique(account[events.retracted_at != NEVER])
    retained = ~np.isin(account, touched)
    position = np.arange(len(account)) - events.offsets[account] + 1
    parts = [(account[retained], steps.times[retained], steps.latest[retained], position[retained])]
    parts += [_steps_of(events, one) for one in touched.tolist()]
    owner, times, latest, count = (np.concatenate(columns) for columns in zip(*parts, strict=True))
    order = np.argsort(owner, kind="stable")
    offsets = np.searchsorted(owner[order], np.arange(len(events.offsets)))
    return VisibleEvents(offsets, times[order], latest[order], count[order])


def _steps_of(events: RecordedEvents, account: int) -> tuple[Indices, Instants, Indices, Indices]:
    """Return the steps of one account: its index, times, the latest known event and the number of known ones."""
    assert events.retracted_at is not None
    changes = []
    for index in range(*events.offsets[account : account + 2].tolist()):
        known, retracted = int(events.visible_at[index]), int(events.retracted_at[index])
        if known < retracted:
            changes += [(known, index, True)] + ([] if retracted == NEVER else [(retracted, index, False)])
    seen: list[int] = []
    latest = []
    for _, index, appears in sorted(changes):
        if appears:
            insort(seen, index)
        else:
            seen.remove(index)
        latest.append((seen[-1] if seen else -1, len(seen)))
    last, count = np.array(latest, dtype=np.int64).reshape(-1, 2).T
    times = np.array([time for time, _, _ in sorted(changes)], dtype=np.int64)
    return np.full(len(times), account), times, last, count


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
