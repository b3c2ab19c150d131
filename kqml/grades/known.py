"""What was known of some accounts before a cutoff."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from kqml.calendar.business_time import DAY_US, Instants, instant_of
from kqml.dataset.info import DatasetInfo
from kqml.events import KIND_OF_CODE, KINDS, EventKind
from kqml.history.event_log import CLOSES, OPENS, EventLog

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]
Mask = NDArray[np.bool_]

NEVER = np.iinfo(np.int64).max


@dataclass(frozen=True)
class Known:
    """The events of A accounts that had happened and were known before `cutoff`, with the place of each one's account.

    `recorded`: kinds of which at least one was known before the cutoff, in the whole dataset. What an account lacks of
    another kind was not recorded; of these it did not happen.
    """

    log: EventLog
    cutoff: int
    recorded: frozenset[EventKind]

    @cached_property
    def account(self) -> Indices:
        return self.log.account_of_event()

    def event_indices(self, kinds: Iterable[EventKind], since: int | None = None) -> Indices:
        """Return the ascending indices of the events of these kinds, only of those from `since` on."""
        order, starts = self._by_kind
        parts = [order[starts[kind.number] : starts[kind.number + 1]] for kind in set(kinds)]
        indices = parts[0] if len(parts) == 1 else np.sort(np.concatenate([order[:0], *parts]), kind="stable")
        return indices if since is None else indices[self.log.occurred_at[indices] >= since]

    def total(self, indices: Indices, weights: Floats | None = None) -> Floats:
        """Per account how many of the events at `indices`, or the sum of their weights."""
        own = self.account[indices]
        return np.bincount(own, weights=weights, minlength=self.log.account_count).astype(np.float64)

    def records(self, kinds: Iterable[EventKind]) -> bool:
        """Whether any of these kinds is recorded."""
        return not self.recorded.isdisjoint(kinds)

    def values(self, name: str, indices: Indices) -> Floats:
        """A value of each event, NaN where it is absent."""
        column = self.log.values.get(name)
        return np.full(len(indices), np.nan) if column is None else column[indices]

    def days_before_cutoff(self, instants: Instants) -> Floats:
        return np.asarray((self.cutoff - instants) / DAY_US, dtype=np.float64)

    def closed_at(self, indices: Indices) -> Instants:
        """When each opening event was first closed by one that refers to it, NEVER where none that is known did."""
        opens = self.log.codes.get(OPENS)
        closed = np.full(len(indices), NEVER)
        if opens is not None:
            base, first = self._closings
            linked = opens[indices] >= 0
            own = indices[linked]
            closed[linked] = first[base[self.account[own]] + opens[own]]
        return closed

    @cached_property
    def _by_kind(self) -> tuple[Indices, Indices]:
        """The events by kind, within it in order; where each kind begins."""
        starts = np.concatenate([[0], np.cumsum(np.bincount(self.log.kind, minlength=len(KINDS)))])
        return np.argsort(self.log.kind, kind="stable"), starts

    @cached_property
    def _closings(self) -> tuple[Indices, Instants]:
        """Where each account's numbers of opening events begin; for each number when it was first closed."""
        opens, closes = self.log.codes[OPENS], self.log.codes[CLOSES]
        most = np.zeros(self.log.account_count, dtype=np.int64)
        linked = np.flatnonzero((opens >= 0) | (closes >= 0))
        np.maximum.at(most, self.account[linked], np.maximum(opens[linked], closes[linked]) + 1)
        base = np.concatenate([[0], np.cumsum(most)])
        first = np.full(base[-1], NEVER)
        closing = np.flatnonzero(closes >= 0)
        np.minimum.at(first, base[self.account[closing]] + closes[closing], self.log.occurred_at[closing])
        return base, first


def known_before(log: EventLog, cutoff: int, recorded_since: Mapping[EventKind, int]) -> Known:
    """What a log held before the cutoff; `recorded_since`: kind → the first instant at which one was known."""
    visible = log.visible_before(cutoff)
    recorded = frozenset(kind for kind, since in recorded_since.items() if since < cutoff)
    return Known(log if visible.all() else log.keep(visible), cutoff, recorded)


def recorded_since(info: DatasetInfo) -> dict[EventKind, int]:
    """Kind → the first instant at which one was known, by the dataset's description."""
    return {KIND_OF_CODE[code]: instant_of(datetime.fromisoformat(at)) for code, at in info.kinds_recorded.items()}
