"""Peers: an account's numbers less the means of its like at the same cutoff."""

from collections.abc import Iterable, Mapping

import numpy as np
from numpy.typing import NDArray

from features.engine.loading import kernels
from features.peers import EVERYBODY, FEWEST, PeerCells, PeerReference
from features.plan import FeaturePlan
from features.rows import Rows
from kqml.calendar.business_time import Instants


class ReferenceSums:
    """Sums per cutoff and cell, to which rows are added in their order, so that nothing depends on how they are cut."""

    def __init__(self, columns: tuple[str, ...], cutoffs: Instants) -> None:
        self._columns = columns
        self._cutoffs = cutoffs
        self._indices: dict[str, int] = {EVERYBODY: 0}
        self._sums = np.zeros((len(cutoffs), 1, len(columns)))
        self._counts = np.zeros((len(cutoffs), 1, len(columns)), dtype=np.int64)

    def add(self, cutoffs: Instants, cells: PeerCells, own: NDArray[np.float64]) -> None:
        """Adds rows with their own numbers (R, P)."""
        for name in cells.names:
            self._indices.setdefault(name, len(self._indices))
        more = ((0, 0), (0, len(self._indices) - self._sums.shape[1]), (0, 0))
        # Cells appear as parts arrive; the arrays grow only then, which is seldom after the first part.
        if more[1][1]:
            self._sums, self._counts = np.pad(self._sums, more), np.pad(self._counts, more)
        moments = moments_of(cutoffs, self._cutoffs)
        kernels().add_to_cells(own, moments, _levels(cells, self._indices), self._sums, self._counts)

    def reference(self) -> PeerReference:
        """The means, missing where a cell had fewer than FEWEST accounts with the number."""
        means = np.where(self._counts >= FEWEST, self._sums / np.maximum(self._counts, 1), np.nan)
        return PeerReference(self._columns, self._cutoffs, tuple(self._indices), means)


def reference_of(
    plan: FeaturePlan, rows: Rows, cells: PeerCells, parts: Iterable[tuple[slice, NDArray[np.float64]]]
) -> PeerReference:
    """The means per cutoff and cell, from the peer columns of `rows` (each part: its rows, their own numbers)."""
    columns = tuple(plan.columns[place] for place in plan.peers)
    sums = ReferenceSums(columns, distinct_cutoffs(rows.cutoff))
    for part, own in parts:
        sums.add(rows.cutoff[part], cells.between(part.start, part.stop), own)
    return sums.reference()


def subtract_peers(
    out: NDArray[np.float64], plan: FeaturePlan, cutoffs: Instants, cells: PeerCells, reference: PeerReference
) -> None:
    """Turns the own numbers in the peer columns of `out` into differences from the reference, in place."""
    indices = [reference.columns.index(plan.columns[place]) for place in plan.peers]
    moments = moments_of(cutoffs, reference.cutoffs)
    levels = _levels(cells, {name: place for place, name in enumerate(reference.cells)})
    means = np.ascontiguousarray(reference.means[:, :, indices])
    kernels().less_means(out, plan.peers, moments, levels, means, plan.means)


def compare_with_targets(out: NDArray[np.float64], plan: FeaturePlan, cells: PeerCells) -> None:
    """Turns the own numbers in the target columns of `out` into shares of what the rows' tiers ask for, in place."""
    if len(plan.targets):
        kernels().over_targets(out, plan.targets, cells.tier, plan.target_of, plan.excesses)


def moments_of(cutoffs: Instants, known: Instants) -> NDArray[np.int64]:
    """For each row the place of the latest known cutoff not after its own, -1 where there is none."""
    return np.asarray(np.searchsorted(known, cutoffs, side="right") - 1, dtype=np.int64)


def distinct_cutoffs(cutoffs: Instants) -> Instants:
    """The different cutoffs, ascending; rows hold the same few over and over, so that neighbours are merged first."""
    if not len(cutoffs):
        return np.zeros(0, dtype=np.int64)
    seen: set[int] = set()
    # In blocks: `np.unique` copies and sorts what it gets, here one cutoff for each of possibly millions of rows.
    for start in range(0, len(cutoffs), 65_536):
        seen.update(np.unique(cutoffs[start : start + 65_536]).tolist())
    return np.array(sorted(seen), dtype=np.int64)


def _levels(cells: PeerCells, indices: Mapping[str, int]) -> NDArray[np.int64]:
    """Per row the places of its narrow cell, its wide one, EVERYBODY; -1 where unknown."""
    named = np.array([*(indices.get(name, -1) for name in cells.names), -1], dtype=np.int64)
    levels = np.full((len(cells.narrow), 3), indices[EVERYBODY])
    levels[:, 0], levels[:, 1] = named[cells.narrow], named[cells.wide]
    return levels
