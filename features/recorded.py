"""Events of some kinds, per account in the order they happened, with the order in which they became known."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kqml.calendar import Instants
from kqml.eventlog import EventLog
from kqml.events import EventKind

Places = NDArray[np.int64]


@dataclass(frozen=True)
class Recorded:
    """The chosen events of account a are at the places `offsets[a]:offsets[a + 1]`.

    By place, as they happened: `occurred_at`, `kind`, `visible_at`, the instant after which the event counts as known
    (it has happened, it has been recorded). By account, as they became known: `becoming_known`, the `visible_at`
    ascending, with `latest`, the place of the latest to have happened among those known by then.
    """

    offsets: Places
    occurred_at: Instants
    kind: NDArray[np.uint8]
    visible_at: Instants
    becoming_known: Instants
    latest: Places

    def known_before(self, account: NDArray[np.integer], instants: Instants) -> Places:
        """How many of each account's events had happened and were known before each instant."""
        low = self.offsets[account]
        known = first_at_or_after(self.becoming_known, low, self.offsets[account + 1], instants) - low
        return np.asarray(known, dtype=np.int64)

    def latest_of(self, account: NDArray[np.integer], known: Places) -> Places:
        """The place of the latest event among the first `known` (at least 1) to become known."""
        return np.asarray(self.latest[self.offsets[account] + known - 1], dtype=np.int64)

    def next_from(self, account: NDArray[np.integer], instants: Instants) -> Places:
        """The place of each account's first event at or after each instant; where none is, the account's end."""
        return first_at_or_after(self.occurred_at, self.offsets[account], self.offsets[account + 1], instants)


def recorded(log: EventLog, kinds: Iterable[EventKind]) -> Recorded:
    """The events of these kinds."""
    chosen = np.isin(log.kind, [kind.number for kind in kinds])
    offsets = np.concatenate([[0], np.cumsum(chosen)])[log.offsets]
    occurred_at = log.occurred_at[chosen]
    visible_at = np.maximum(occurred_at, log.known_at[chosen])
    order = _order_of_record(offsets, visible_at)
    latest = np.maximum.accumulate(order) if len(order) else order
    return Recorded(offsets, occurred_at, log.kind[chosen], visible_at, visible_at[order], latest)


def _order_of_record(offsets: Places, visible_at: Instants) -> Places:
    """Places by account, then visible_at; places of a later account are larger, so `latest` never mixes accounts."""
    account = np.repeat(np.arange(len(offsets) - 1), np.diff(offsets))
    late = (np.diff(visible_at) < 0) & (np.diff(account) == 0)
    return np.lexsort((visible_at, account)) if late.any() else np.arange(len(visible_at))


def first_at_or_after(times: Instants, low: Places, high: Places, instants: Instants) -> Places:
    """Per row the first place in `low:high` whose time is at or after the instant; `high` where there is none.

    `times` ascends within each `low:high`. All rows are halved together, so the loop runs for the longest stretch.
    """
    low, high = low.copy(), high.copy()
    longest = int((high - low).max(initial=0))
    for _ in range(longest.bit_length()):
        middle = (low + high) >> 1
        open_ = low < high
        earlier = open_ & (times[np.minimum(middle, len(times) - 1)] < instants)
        low = np.where(earlier, middle + 1, low)
        high = np.where(open_ & ~earlier, middle, high)
    return low
