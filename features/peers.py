"""Peer cells: the groups in which accounts are compared, and the means of each at each cutoff."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kqml.calendar.business_time import Instants
from kqml.dataset.tables import TIERS

FEWEST = 20
"""A cell with fewer accounts says too little; the next wider one is used."""

EVERYBODY = ""
"""The name of the cell of all accounts."""


@dataclass(frozen=True)
class PeerCells:
    """The cells of R rows: `narrow` (tier × region) within `wide` (tier), as indices into `names`, -1 where unknown.

    `tier`: the tier itself where it is known, as an index into TIERS; cells may be of segments instead."""

    names: tuple[str, ...]
    narrow: NDArray[np.int32]
    wide: NDArray[np.int32]
    tier: NDArray[np.int8]

    @classmethod
    def none(cls, rows: int) -> "PeerCells":
        """Return cells in which all accounts are similar."""
        nowhere = np.full(rows, -1, dtype=np.int32)
        return cls((), nowhere, nowhere, nowhere.astype(np.int8))

    @classmethod
    def of(cls, tiers: Sequence[str | None], regions: Sequence[str | None]) -> "PeerCells":
        """Return the cells of rows by what is known of their tier (else segment) and region; None or "" is unknown.

        A segment that is called as a tier would be taken for it.
        """
        wide = [tier or None for tier in tiers]
        narrow = [f"{tier}|{region}" if tier and region else None for tier, region in zip(wide, regions, strict=True)]
        names = tuple(sorted({name for name in (*wide, *narrow) if name}))
        indices: dict[str | None, int] = {name: cell for cell, name in enumerate(names)}
        return cls(names, _indices(narrow, indices), _indices(wide, indices), tier_indices(tiers))

    def take(self, indices: NDArray[np.integer]) -> "PeerCells":
        """Return the cells of the rows `start:stop`."""
        return PeerCells(self.names, self.narrow[indices], self.wide[indices], self.tier[indices])

    def between(self, start: int, stop: int) -> "PeerCells":
        """Return the cells of rows `start:stop` alone."""
        return PeerCells(self.names, self.narrow[start:stop], self.wide[start:stop], self.tier[start:stop])


def tier_indices(tiers: Iterable[str | None]) -> NDArray[np.int8]:
    """Return tiers as indices into TIERS, -1 for anything else."""
    known: dict[str | None, int] = {tier: index for index, tier in enumerate(TIERS)}
    return np.array([known.get(tier, -1) for tier in tiers], dtype=np.int8)


def _indices(names: Sequence[str | None], indices: Mapping[str | None, int]) -> NDArray[np.int32]:
    return np.array([indices.get(name, -1) for name in names], dtype=np.int32)


@dataclass(frozen=True)
class PeerReference:
    """The mean of each peer column per cutoff and cell, float64 of shape (C, cells, P).

    `cells`: names, EVERYBODY among them. NaN where fewer than FEWEST accounts of the cell had the number.
    """

    columns: tuple[str, ...]
    cutoffs: Instants
    cells: tuple[str, ...]
    means: NDArray[np.float64]

    def at(self, cutoff: int) -> "PeerReference":
        """Return the reference of the latest cutoff not after `cutoff` alone, as the service keeps it."""
        latest = int(np.searchsorted(self.cutoffs, cutoff, side="right")) - 1
        retained = slice(max(latest, 0), latest + 1)
        return PeerReference(self.columns, self.cutoffs[retained], self.cells, self.means[retained])

    def to_json(self) -> dict[str, Any]:
        """Return a JSON-able form, exact to the bit; missing means are null."""
        means = self.means.astype(object)
        means[np.isnan(self.means)] = None
        return {
            "columns": list(self.columns),
            "cutoffs": self.cutoffs.tolist(),
            "cells": list(self.cells),
            "means": means.tolist(),
        }

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> "PeerReference":
        """Return the reference from the result of `to_json`."""
        shape = (len(stored["cutoffs"]), len(stored["cells"]), len(stored["columns"]))
        means = np.array(stored["means"], dtype=np.float64)
        return cls(
            tuple(stored["columns"]),
            np.array(stored["cutoffs"], dtype=np.int64),
            tuple(stored["cells"]),
            means.reshape(shape),
        )


@dataclass(frozen=True)
class Peers:
    """The comparison of rows: their cells and the reference, or None to build it from the rows."""

    cells: PeerCells
    reference: PeerReference | None = None
