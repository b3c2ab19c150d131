"""Peers: an account's numbers less the means of its like at the same cutoff."""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from features.engine.loading import kernels
from features.peers import EVERYBODY, FEWEST, Cells, PeerReference
from features.plan import Plan
from features.rows import Rows
from kqml.calendar import Instants


def reference_of(
    plan: Plan, rows: Rows, cells: Cells, parts: Iterable[tuple[slice, NDArray[np.float64]]]
) -> PeerReference:
    """The means per cutoff and cell, from the peer columns of `rows` (each part: its rows, their own numbers)."""
    cutoffs = distinct_cutoffs(rows.cutoff)
    names = (*cells.names, EVERYBODY)
    shape = (len(cutoffs), len(names), len(plan.peers))
    sums, counts = np.zeros(shape), np.zeros(shape, dtype=np.int64)
    for part, own in parts:
        moments = moments_of(rows.cutoff[part], cutoffs)
        kernels().add_to_cells(own, moments, _levels(cells, part, names), sums, counts)
    with np.errstate(invalid="ignore"):
        means = np.where(counts >= FEWEST, sums / np.maximum(counts, 1), np.nan)
    return PeerReference(tuple(plan.columns[place] for place in plan.peers), cutoffs, names, means)


def subtract_peers(
    out: NDArray[np.float64], plan: Plan, cutoffs: Instants, cells: Cells, reference: PeerReference
) -> None:
    """Turns the own numbers in the peer columns of `out` into differences from the reference, in place."""
    places = [reference.columns.index(plan.columns[place]) for place in plan.peers]
    moments = moments_of(cutoffs, reference.cutoffs)
    levels = _levels(cells, slice(None), reference.cells)
    kernels().less_means(out, plan.peers, moments, levels, np.ascontiguousarray(reference.means[:, :, places]))


def moments_of(cutoffs: Instants, known: Instants) -> NDArray[np.int64]:
    """For each row the place of the latest known cutoff not after its own, -1 where there is none."""
    return np.asarray(np.searchsorted(known, cutoffs, side="right") - 1, dtype=np.int64)


def distinct_cutoffs(cutoffs: Instants) -> Instants:
    """The different cutoffs, ascending; rows hold the same few over and over, so that neighbours are merged first."""
    if not len(cutoffs):
        return np.zeros(0, dtype=np.int64)
    seen: set[int] = set()
    for start in range(0, len(cutoffs), 65_536):
        seen.update(np.unique(cutoffs[start : start + 65_536]).tolist())
    return np.array(sorted(seen), dtype=np.int64)


def _levels(cells: Cells, part: slice, names: tuple[str, ...]) -> NDArray[np.int64]:
    """Per row the places in `names` of its narrow cell, its wide one, EVERYBODY; -1 where unknown."""
    known = {name: place for place, name in enumerate(names)}
    places = np.array([*(known.get(name, -1) for name in cells.names), -1], dtype=np.int64)
    narrow, wide = places[cells.narrow[part]], places[cells.wide[part]]
    return np.ascontiguousarray(np.stack([narrow, wide, np.full(len(narrow), known[EVERYBODY])], axis=1))
