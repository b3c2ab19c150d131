"""A history as known before a cutoff: which of a log's events count, by kind and by account."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from kqml.calendar.business_time import DAY_US, Instants
from kqml.events import KINDS, EventKind
from kqml.history.event_log import EventLog, Indices

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class KnownHistory:
    """The events of a log that had happened, were known and were not retracted before `cutoff`.

    It holds indices into the log, no copy of its columns. `recorded`: kinds of which at least one was known before the
    cutoff, in the whole dataset. What an account lacks of another kind was not recorded; of these it did not happen.
    """

    log: EventLog
    cutoff: int
    recorded: frozenset[EventKind] = frozenset(KINDS)

    @cached_property
    def events(self) -> Indices:
        """The ascending indices of the events that count."""
        return np.flatnonzero(self.log.visible_before(self.cutoff))

    def of_kinds(self, kinds: Iterable[EventKind], since: int | None = None, until: int | None = None) -> Indices:
        """Return the ascending indices of the events of these kinds, only of those in `[since, until)`."""
        order, starts = self._by_kind
        parts = [order[starts[kind.number] : starts[kind.number + 1]] for kind in set(kinds)]
        indices = parts[0] if len(parts) == 1 else np.sort(np.concatenate([order[:0], *parts]), kind="stable")
        indices = indices if since is None else indices[self.log.occurred_at[indices] >= since]
        return indices if until is None else indices[self.log.occurred_at[indices] < until]

    def in_order_of_time(self, kinds: Iterable[EventKind]) -> Indices:
        """Return the indices of the events of these kinds, of all accounts in order of time."""
        indices = self.of_kinds(kinds)
        return indices[np.argsort(self.log.occurred_at[indices], kind="stable")]

    def total(self, indices: Indices, weights: Floats | None = None) -> Floats:
        """Per account how many of the events at `indices`, or the sum of their weights."""
        own = self.log.account[indices]
        return np.bincount(own, weights=weights, minlength=self.log.account_count).astype(np.float64)

    def records(self, kinds: Iterable[EventKind]) -> bool:
        """Whether any of these kinds is recorded."""
        return not self.recorded.isdisjoint(kinds)

    def days_before_cutoff(self, instants: Instants) -> Floats:
        return np.asarray((self.cutoff - instants) / DAY_US, dtype=np.float64)

    @cached_property
    def _by_kind(self) -> tuple[Indices, Indices]:
        """The events by kind, within it in order; where each kind begins."""
        kind = self.log.kind[self.events]
        starts = np.concatenate([[0], np.cumsum(np.bincount(kind, minlength=len(KINDS)))])
        return self.events[np.argsort(kind, kind="stable")], starts


def known_history(log: EventLog, cutoff: int, first_known: Mapping[EventKind, int]) -> KnownHistory:
    """Return a log as known before the cutoff; `first_known`: kind → the first instant at which one was known."""
    return KnownHistory(log, cutoff, frozenset(kind for kind, since in first_known.items() if since < cutoff))
