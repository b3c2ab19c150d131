"""What a learner of effects leaves behind for other rows: predictions with the basis they stand on."""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import ArrayLike, NDArray

from models.uplift.effect_scale import EffectScale
from models.uplift.final_stage import FittedActionEffect
from models.uplift.propensities import ActionSupport
from models.uplift.sample import Flags, Floats
from models.uplift.shared_shape import SharedShape


class Basis(StrEnum):
    """What an effect stands on; claims of money need RANDOMISED."""

    RANDOMISED = "randomised"
    OBSERVATIONAL = "observational"
    PRIOR = "prior"
    UNKNOWN = "unknown"


def basis_of(support: ActionSupport) -> Basis:
    return Basis.RANDOMISED if support.trees is None else Basis.OBSERVATIONAL


@dataclass(frozen=True)
class FittedEffects:
    """`effects`: of each action but the first, which effects are measured against. `shared`: how they differ alike."""

    actions: tuple[str, ...]
    effects: tuple[FittedActionEffect, ...]
    shared: SharedShape
    scale: EffectScale
    support: ActionSupport

    def predict(self, X: ArrayLike) -> Floats:
        """(n, A) shrunken effects against the first action, whose own are 0."""
        values = np.asarray(X, dtype=np.float64)
        measure, factor = self.scale.at(values), self.shared.at(values)
        return np.column_stack([np.zeros(len(values)), *(one.at(values, measure, factor) for one in self.effects)])

    def basis(self, X: ArrayLike, eligible: Flags | None = None, prior: Flags | None = None) -> NDArray[np.object_]:
        """(n, A) the basis of each effect. Where nothing supports one: `prior` where the company's playbook orders the
        actions, else `unknown`."""
        values = np.asarray(X, dtype=np.float64)
        may = np.ones((len(values), len(self.actions)), dtype=bool) if eligible is None else eligible
        assumed = np.zeros(may.shape, dtype=bool) if prior is None else prior
        unsupported = np.where(assumed, Basis.PRIOR.value, Basis.UNKNOWN.value)
        return np.where(self.support.at(values, may), basis_of(self.support).value, unsupported).astype(object)
