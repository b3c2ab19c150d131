"""The steps by which the events of accounts become known or retracted: how many are known, which is the latest."""

from bisect import insort
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kqml.calendar.business_time import Instants
from kqml.history.retractions import NEVER
from kqml.history.searching import first_at_or_after

Indices = NDArray[np.int64]


@dataclass(frozen=True)
class KnownSteps:
    """The steps of account a are at `offsets[a]:offsets[a + 1]`.

    `times`: ascending within each account. `latest`: the index of the latest event to have happened among those known
    by then, -1 where there is none. `count`: how many are known then; None where each step adds one.
    """

    offsets: Indices
    times: Instants
    latest: Indices
    count: Indices | None = None

    def before(self, account: NDArray[np.integer], instants: Instants) -> tuple[Indices, Indices]:
        """Return how many of each account's events were known before each instant, and the index of the latest of them
        to have happened, -1 where there is none."""
        if not len(self.times):
            return np.zeros(len(account), dtype=np.int64), np.full(len(account), -1)
        low = self.offsets[account]
        seen = first_at_or_after(self.times, low, self.offsets[account + 1], instants)
        known = seen - low
        last = np.where(known > 0, self.latest[seen - 1], -1)
        return known if self.count is None else np.where(known > 0, self.count[seen - 1], 0), last


def known_steps(offsets: Indices, visible_at: Instants, retracted_at: Instants | None) -> KnownSteps:
    """Return the steps of events grouped by `offsets`, in the order in which they happened."""
    steps = _steps_of_records(offsets, visible_at)
    return steps if retracted_at is None else _with_retractions(offsets, visible_at, retracted_at, steps)


def _steps_of_records(offsets: Indices, visible_at: Instants) -> KnownSteps:
    """Return the steps without retractions."""
    account = np.repeat(np.arange(len(offsets) - 1), np.diff(offsets))
    indices = np.arange(len(visible_at))
    out_of_order = (np.diff(visible_at) < 0) & (np.diff(account) == 0)
    # Most logs are recorded in order; then no sort is needed, and otherwise only accounts with late records are sorted.
    if not out_of_order.any():
        return KnownSteps(offsets, visible_at, indices)
    late = np.isin(account, account[1:][out_of_order])
    indices[late] = indices[late][np.lexsort((visible_at[late], account[late]))]
    # A running maximum over all accounts is safe: indices of a later account are larger.
    return KnownSteps(offsets, visible_at[indices], np.maximum.accumulate(indices))


def _with_retractions(offsets: Indices, visible_at: Instants, retracted_at: Instants, steps: KnownSteps) -> KnownSteps:
    """Return the steps in which events are retracted as well; accounts without retractions keep theirs."""
    account = np.repeat(np.arange(len(offsets) - 1), np.diff(offsets))
    touched = np.unique(account[retracted_at != NEVER])
    retained = ~np.isin(account, touched)
    position = np.arange(len(account)) - offsets[account] + 1
    parts = [(account[retained], steps.times[retained], steps.latest[retained], position[retained])]
    for number in touched.tolist():
        indices = range(*offsets[number : number + 2].tolist())
        times, latest, count = _steps_of_account(indices, visible_at, retracted_at)
        parts.append((np.full(len(times), number), times, latest, count))
    owner, times, latest, count = (np.concatenate(columns) for columns in zip(*parts, strict=True))
    order = np.argsort(owner, kind="stable")
    return KnownSteps(np.searchsorted(owner[order], np.arange(len(offsets))), times[order], latest[order], count[order])


def _steps_of_account(
    indices: range, visible_at: Instants, retracted_at: Instants
) -> tuple[Instants, Indices, Indices]:
    """Return the steps of one account: times, the latest known event and the number of known ones."""
    changes = []
    for index in indices:
        known, retracted = int(visible_at[index]), int(retracted_at[index])
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
    return np.array([time for time, _, _ in sorted(changes)], dtype=np.int64), last, count
