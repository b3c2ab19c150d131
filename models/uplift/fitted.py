"""Fitted effects: predictions for new rows, with the evidence each rests on."""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import ArrayLike, NDArray

from models.uplift.effect_calibration import EffectCalibration
from models.uplift.effect_scale import EffectScale
from models.uplift.final_stage import FinalStage
from models.uplift.propensities import ActionSupport
from models.uplift.sample import Flags, Floats


class Basis(StrEnum):
    """The evidence behind an effect. Only RANDOMISED effects may be reported as money."""

    RANDOMISED = "randomised"
    OBSERVATIONAL = "observational"
    PRIOR = "prior"
    UNKNOWN = "unknown"


def basis_of(support: ActionSupport) -> Basis:
    return Basis.RANDOMISED if support.trees is None else Basis.OBSERVATIONAL


@dataclass(frozen=True)
class FittedEffects:
    """`stage` predicts effects, `scale` the effect scale, `calibration` measures the total effect of chosen actions."""

    actions: tuple[str, ...]
    stage: FinalStage
    scale: EffectScale
    support: ActionSupport
    calibration: EffectCalibration

    def predict(self, X: ArrayLike) -> Floats:
        """Return shrunken effects (n, A) against the first action, whose column is 0."""
        values = np.asarray(X, dtype=np.float64)
        return self.stage.at(values, self.scale.at(values))

    def basis(self, X: ArrayLike, eligible: Flags | None = None, prior: Flags | None = None) -> NDArray[np.object_]:
        """Return the basis (n, A) of each effect.

        An unsupported effect is `prior` where the company's playbook orders the actions, else `unknown`.
        """
        values = np.asarray(X, dtype=np.float64)
        may = np.ones((len(values), len(self.actions)), dtype=bool) if eligible is None else eligible
        assumed = np.zeros(may.shape, dtype=bool) if prior is None else prior
        unsupported = np.where(assumed, Basis.PRIOR.value, Basis.UNKNOWN.value)
        return np.where(self.support.at(values, may), basis_of(self.support).value, unsupported).astype(object)
