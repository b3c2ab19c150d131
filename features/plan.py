"""The plan: a catalog compiled for the engine."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from features.definitions import Feature, Peer, atoms_of
from features.lowering import PlanArrays, Room, lower, room_of
from features.plan_faults import faults_of
from kqml.errors import BadUse

__all__ = ["Plan", "atoms_of", "compile_plan"]


@dataclass(frozen=True)
class Plan:
    """What the engine executes. `peers`: places of the columns from which the mean of the account's like is taken."""

    features: tuple[Feature, ...]
    columns: tuple[str, ...]
    arrays: PlanArrays
    room: Room
    peers: NDArray[np.int64]

    def only(self, places: Iterable[int]) -> "Plan":
        """The plan of some of the features alone, by their places."""
        return compile_plan([self.features[place] for place in places])


def compile_plan(features: Sequence[Feature]) -> Plan:
    """The plan of `features`, in their order. Raises BadUse naming every feature that cannot be computed."""
    faults = faults_of(features)
    if faults:
        raise BadUse("The catalog cannot be compiled.", faults)
    peers = [place for place, feature in enumerate(features) if isinstance(feature.measure, Peer)]
    columns = tuple(feature.column for feature in features)
    arrays = lower(features)
    return Plan(tuple(features), columns, arrays, room_of(arrays), np.array(peers, dtype=np.int64))
