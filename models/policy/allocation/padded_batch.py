"""Padded batches: reps with about as many accounts side by side in one array, so that all are solved at once.

The result for a rep depends on nothing but its own accounts: the padding follows from their number, and sums run along
them in their order. A re-solve of one rep therefore gives exactly what a solve of all reps gives.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from models.policy.allocation.problem import SMALL, WAIT, AllocationProblem, Flags, Floats, Indices

ELEMENTS = 120_000
"""Actions × reps × accounts in one batch: small enough for the processor's cache."""


@dataclass(frozen=True)
class PaddedBatch:
    """K actions × r reps × m positions.

    `reps` (r): their indices in the problem. `row` (r × m): the account at each position, −1 in the padding. `value`
    (K × r × m): −inf where the action is no option. `counted` (C × K × r × m): contacts that count for floors. `tier`
    (r × m). `cost` (RESOURCES × K × r × m). `capacity` (r × RESOURCES). `floor` (r × T × C).
    """

    reps: Indices
    row: Indices
    value: Floats
    counted: Floats
    tier: Indices
    cost: Floats
    capacity: Floats
    floor: Floats

    def take(self, mask: Flags | Indices) -> "PaddedBatch":
        """Return the batch of some of the reps."""
        return PaddedBatch(
            reps=self.reps[mask],
            row=self.row[mask],
            value=self.value[:, mask],
            counted=self.counted[:, :, mask],
            tier=self.tier[mask],
            cost=self.cost[:, :, mask],
            capacity=self.capacity[mask],
            floor=self.floor[mask],
        )

    @property
    def is_single(self) -> bool:
        """Whether every rep has one account alone."""
        return bool(self.row.shape[1] == 1)

    @property
    def floored(self) -> bool:
        return bool((self.floor > 0).any())

    def used(self, choice: Indices) -> Floats:
        """Return r × RESOURCES: what a choice (r × m) uses."""
        return np.asarray(self.taken(choice).sum(axis=2).T, dtype=np.float64)

    def taken(self, choice: Indices) -> Floats:
        """Return RESOURCES × r × m: what a choice uses at each position."""
        result = np.take_along_axis(self.cost, choice[None, None], axis=1)[:, 0]
        return np.asarray(result, dtype=np.float64)

    def served(self, choice: Indices) -> Floats:
        """Return r × T × C: due contacts that a choice brings to each tier."""
        brought = self.brought(choice)
        tiers = [np.where(self.tier == tier, brought, 0.0).sum(axis=2) for tier in range(self.floor.shape[1])]
        return np.asarray(np.stack(tiers, axis=1).transpose(2, 1, 0), dtype=np.float64)

    def brought(self, choice: Indices) -> Floats:
        """Return C × r × m: due contacts that a choice brings."""
        result = np.take_along_axis(self.counted, choice[None, None], axis=1)[:, 0]
        return np.asarray(result, dtype=np.float64)

    def worth(self, choice: Indices) -> Floats:
        """Return r: the value of a choice."""
        return np.asarray(np.take_along_axis(self.value, choice[None], axis=0)[0].sum(axis=1), dtype=np.float64)

    def fits(self, choice: Indices) -> Flags:
        """Return r: whether a choice keeps to capacities and floors."""
        # The tolerance of HiGHS, so that a plan of either solver passes the same test.
        within = (self.used(choice) <= self.capacity * (1 + SMALL) + SMALL).all(axis=1)
        if not self.floored:
            return np.asarray(within, dtype=bool)
        return np.asarray(within & (self.served(choice) >= self.floor - SMALL).all(axis=(1, 2)), dtype=bool)


@dataclass(frozen=True)
class ReducedProblem:
    """A problem after bookings: `options` (n × K) are what is left to choose, `capacity` (R × RESOURCES) fits them."""

    problem: AllocationProblem
    value: Floats
    counted: Floats
    options: Flags
    capacity: Floats
    floor: Floats


def pad_reps(reduced: ReducedProblem) -> Iterator[PaddedBatch]:
    """Yield all reps that have accounts, in batches of one padded length."""
    rep = reduced.problem.rep
    # Stable: accounts keep the order of the problem within their rep, on which tie-breaking and sums depend.
    order = np.argsort(rep, kind="stable")
    counts = np.bincount(rep, minlength=len(reduced.capacity))
    starts = np.cumsum(counts) - counts
    padded, present = _padded(counts), np.asarray(counts > 0)
    actions = len(reduced.problem.actions.names)
    for length in np.unique(padded[present]).tolist():
        reps = np.flatnonzero((padded == length) & present)
        # As many reps as fit the cache, whatever their size; the same reps always meet the same padded length.
        step = max(1, ELEMENTS // (length * actions))
        for begin in range(0, len(reps), step):
            subset = reps[begin : begin + step]
            yield _batch(reduced, subset, _rows(order, starts[subset], counts[subset], length))


def _padded(counts: Indices) -> Indices:
    """Return each count rounded up to a multiple of an eighth of its power of two, at least 4; 1 for 1."""
    # Few distinct lengths make few batches, and the padding wastes at most an eighth.
    step = np.maximum(4, 2 ** np.floor(np.log2(np.maximum(counts, 1))).astype(np.int64) // 8)
    return np.where(counts == 1, 1, np.asarray(-(-counts // step) * step, dtype=np.int64))


def _rows(order: Indices, starts: Indices, counts: Indices, length: int) -> Indices:
    position = np.arange(length)
    inside = position[None, :] < counts[:, None]
    return np.where(inside, order[np.minimum(starts[:, None] + position, len(order) - 1)], -1)


def _batch(reduced: ReducedProblem, reps: Indices, row: Indices) -> PaddedBatch:
    # Padding behaves as an account whose only option is to wait, worth 0: sums and maxima need no masks later.
    absent = row < 0
    cost, capacity = reduced.problem.cost[row], reduced.capacity[reps]
    within = np.asarray(cost <= capacity[:, None, None, :] * (1 + SMALL) + SMALL, dtype=bool)
    # An action larger than the rep's whole week can never be given; dropping it tightens the bound.
    options = reduced.options[row] & within.all(axis=3)
    options[absent] = False
    options[absent, WAIT] = True
    value = np.where(options, reduced.value[row], -np.inf)
    value[absent, WAIT] = 0.0
    counted = np.where(absent[:, :, None, None], 0.0, reduced.counted[row])
    return PaddedBatch(
        reps=reps,
        row=row,
        # Actions first: the loops run over actions, each on a contiguous r × m block.
        value=np.ascontiguousarray(value.transpose(2, 0, 1)),
        counted=np.ascontiguousarray(counted.transpose(3, 2, 0, 1)),
        tier=np.where(absent, 0, reduced.problem.tier[row]),
        cost=np.ascontiguousarray(cost.transpose(3, 2, 0, 1)),
        capacity=capacity,
        floor=reduced.floor[reps],
    )
