"""Peer features: an account's numbers less the means of similar accounts at the same cutoff."""

from collections.abc import Iterable, Mapping

import numpy as np
from numpy.typing import NDArray

from features.engine.cache import kernels
from features.peers import EVERYBODY, FEWEST, PeerCells, PeerReference
from features.plan import FeaturePlan
from features.rows import Rows
from kqml.calendar.business_time import Instants


class ReferenceSums:
    """Running sums (cutoffs, cells, columns) of peer columns.

    Rows are added one by one in their order, so that the sums do not depend on how rows are cut into parts.
    """

    def __init__(self, columns: tuple[str, ...], cutoffs: Instants) -> None:
        self._columns = columns
        self._cutoffs = cutoffs
        self._indices: dict[str, int] = {EVERYBODY: 0}
        self._sums = np.zeros((len(cutoffs), 1, len(columns)))
        self._counts = np.zeros((len(cutoffs), 1, len(columns)), dtype=np.int64)

    def add(self, cutoffs: Instants, cells: PeerCells, own: NDArray[np.float64]) -> None:
        """Add rows with their own numbers (R, P)."""
        for name in cells.names:
            self._indices.setdefault(name, len(self._indices))
        more = ((0, 0), (0, len(self._indices) - self._sums.shape[1]), (0, 0))
        # Cells appear as parts arrive; the arrays grow only then, which is seldom after the first part.
        if more[1][1]:
            self._sums, self._counts = np.pad(self._sums, more), np.pad(self._counts, more)
        moments = moments_of(cutoffs, self._cutoffs)
        kernels().add_to_cells(own, moments, _levels(cells, self._indices), self._sums, self._counts)

    def reference(self) -> PeerReference:
        """Return the means; NaN where fewer than FEWEST accounts of a cell have the number."""
        means = np.where(self._counts >= FEWEST, self._sums / np.maximum(self._counts, 1), np.nan)
        return PeerReference(self._columns, self._cutoffs, tuple(self._indices), means)


def reference_of(
    plan: FeaturePlan, rows: Rows, cells: PeerCells, parts: Iterable[tuple[slice, NDArray[np.float64]]]
) -> PeerReference:
    """Return the means per cutoff and cell of the peer columns; `parts` yields slices of `rows` with their numbers."""
    columns = tuple(plan.columns[column] for column in plan.peers)
    sums = ReferenceSums(columns, distinct_cutoffs(rows.cutoff))
    for part, own in parts:
        sums.add(rows.cutoff[part], cells.between(part.start, part.stop), own)
    return sums.reference()


def subtract_peers(
    out: NDArray[np.float64], plan: FeaturePlan, cutoffs: Instants, cells: PeerCells, reference: PeerReference
) -> None:
    """Subtract the reference from the peer columns of `out`, in place."""
    indices = [reference.columns.index(plan.columns[column]) for column in plan.peers]
    moments = moments_of(cutoffs, reference.cutoffs)
    levels = _levels(cells, {name: cell for cell, name in enumerate(reference.cells)})
    means = np.ascontiguousarray(reference.means[:, :, indices])
    kernels().less_means(out, plan.peers, moments, levels, means, plan.means)


def compare_with_targets(out: NDArray[np.float64], plan: FeaturePlan, cells: PeerCells) -> None:
    """Divide the target columns of `out` by the cadence targets of the rows' tiers, in place."""
    if len(plan.targets):
        kernels().over_targets(out, plan.targets, cells.tier, plan.target_of, plan.excesses)


def moments_of(cutoffs: Instants, known: Instants) -> NDArray[np.int64]:
    """Return for each row the index of the latest known cutoff not after its own, -1 where there is none."""
    return np.asarray(np.searchsorted(known, cutoffs, side="right") - 1, dtype=np.int64)


def distinct_cutoffs(cutoffs: Instants) -> Instants:
    """Return the distinct cutoffs, ascending."""
    if not len(cutoffs):
        return np.zeros(0, dtype=np.int64)
    seen: set[int] = set()
    # In blocks: `np.unique` copies and sorts what it gets, here one cutoff for each of possibly millions of rows.
    for start in range(0, len(cutoffs), 65_536):
        seen.update(np.unique(cutoffs[start : start + 65_536]).tolist())
    return np.array(sorted(seen), dtype=np.int64)


def _levels(cells: PeerCells, indices: Mapping[str, int]) -> NDArray[np.int64]:
    """Return (R, 3) indices: each row's narrow cell, its wide one, EVERYBODY; -1 where unknown."""
    named = np.array([*(indices.get(name, -1) for name in cells.names), -1], dtype=np.int64)
    levels = np.full((len(cells.narrow), 3), indices[EVERYBODY])
    levels[:, 0], levels[:, 1] = named[cells.narrow], named[cells.wide]
    return levels
