"""The plan: a catalog compiled for the engine."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from features.definitions import CadenceTarget, Feature, Peer, atoms_of
from features.lowering import PlanArrays, ScratchSize, lower, room_of
from features.note_tables import NoteTables
from features.plan_faults import faults_of
from kqml.dataset.tables import TIERS
from kqml.errors import BadUse

__all__ = ["FeaturePlan", "atoms_of", "compile_plan"]


@dataclass(frozen=True)
class FeaturePlan:
    """The compiled catalog.

    `peers`: indices of the columns that are compared with the mean of similar accounts. `targets`: indices of those
    divided by the tier's target; `target_of` (T, tiers). `means` (P): peer columns that are the mean itself. `excesses`
    (T): columns of the excess over the target. `notes`: builds tables of a log's notes.
    """

    features: tuple[Feature, ...]
    columns: tuple[str, ...]
    arrays: PlanArrays
    room: ScratchSize
    peers: NDArray[np.int64]
    targets: NDArray[np.int64]
    target_of: NDArray[np.float64]
    means: NDArray[np.bool_]
    excesses: NDArray[np.bool_]
    notes: NoteTables

    @property
    def needs_cells(self) -> bool:
        """Whether rows must be told from which tier and region they are."""
        return len(self.peers) + len(self.targets) > 0

    def only(self, indices: Iterable[int]) -> "FeaturePlan":
        """Return the plan of some of the features alone, by their indices."""
        return compile_plan([self.features[index] for index in indices])


def compile_plan(features: Sequence[Feature]) -> FeaturePlan:
    """Return the plan of `features`, in their order. Raises BadUse naming every feature that cannot be computed."""
    faults = faults_of(features)
    if faults:
        raise BadUse("The feature catalog is not valid.", faults)
    peers = [index for index, feature in enumerate(features) if isinstance(feature.measure, Peer)]
    targets = {
        index: feature.measure for index, feature in enumerate(features) if isinstance(feature.measure, CadenceTarget)
    }
    arrays = lower(features)
    return FeaturePlan(
        features=tuple(features),
        columns=tuple(feature.column for feature in features),
        arrays=arrays,
        room=room_of(arrays),
        peers=np.array(peers, dtype=np.int64),
        targets=np.array(list(targets), dtype=np.int64),
        target_of=np.array([_of_tiers(target) for target in targets.values()]).reshape(-1, len(TIERS)),
        means=np.array([_is_mean(features[index]) for index in peers], dtype=np.bool_),
        excesses=np.array([target.excess for target in targets.values()], dtype=np.bool_),
        notes=NoteTables(atom.stream.rule for feature in features for atom in atoms_of(feature.measure)),
    )


def _is_mean(feature: Feature) -> bool:
    return isinstance(feature.measure, Peer) and feature.measure.mean


def _of_tiers(target: CadenceTarget) -> list[float]:
    """Return the target of each tier, NaN without one."""
    known = dict(target.targets)
    return [known.get(tier) or np.nan for tier in TIERS]
