"""What a learner of effects leaves behind for other rows: predictions with the basis they stand on."""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import ArrayLike, NDArray

from models.uplift.effect_calibration import EffectCalibration
from models.uplift.effect_scale import EffectScale
from models.uplift.final_stage import FinalStage
from models.uplift.propensities import ActionSupport
from models.uplift.sample import Codes, Flags, Floats


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
    """`stages`: one a fold, each learned from the other folds; `scale`: of the rows, by fold as well."""

    actions: tuple[str, ...]
    stages: tuple[FinalStage, ...]
    scale: EffectScale
    support: ActionSupport
    calibration: EffectCalibration

    def predict(self, X: ArrayLike, fold: Codes | None = None) -> Floats:
        """(n, A) shrunken effects against the first action, whose own are 0: by what was learned from other accounts
        than those of the row's `fold`, by the mean over the stages without folds."""
        values = np.asarray(X, dtype=np.float64)
        if fold is None:
            measure = self.scale.at(values)
            return np.asarray(np.mean([stage.at(values, measure) for stage in self.stages], axis=0))
        result, measure = np.zeros((len(values), len(self.actions))), self.scale.out_of_fold(values, fold)
        for fold_index, stage in enumerate(self.stages):
            in_fold = fold == fold_index
            result[in_fold] = stage.at(values[in_fold], measure.where(in_fold))
        return result

    def basis(self, X: ArrayLike, eligible: Flags | None = None, prior: Flags | None = None) -> NDArray[np.object_]:
        """(n, A) the basis of each effect. Where nothing supports one: `prior` where the company's playbook orders the
        actions, else `unknown`."""
        values = np.asarray(X, dtype=np.float64)
        may = np.ones((len(values), len(self.actions)), dtype=bool) if eligible is None else eligible
        assumed = np.zeros(may.shape, dtype=bool) if prior is None else prior
        unsupported = np.where(assumed, Basis.PRIOR.value, Basis.UNKNOWN.value)
        return np.where(self.support.at(values, may), basis_of(self.support).value, unsupported).astype(object)
