"""The trial's verdict: do nothing, give everybody the best arm, or choose by person."""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from models.evaluation.trials.cross_fitting import Judged
from models.evaluation.trials.uplift_curve import bounds
from models.uplift.contrasts import Estimate, clustered_mean
from models.uplift.sample import Floats


class Verdict(StrEnum):
    """What should be done after the trial."""

    NO_ACTION = "no_action"
    BEST_ARM = "best_arm"
    PERSONALISE = "personalise"


@dataclass(frozen=True)
class Values:
    """Values per row of giving everybody one arm (`static`, by arm), and of the learned best arm. `gains`: of every arm
    but the control, against the control; `personalised_gain` likewise. `beyond`: personalised less the best static arm,
    `best`, on the same rows. `comparisons`: how many gains are judged at once."""

    static: tuple[Estimate, ...]
    personalised: Estimate
    gains: tuple[Estimate, ...]
    personalised_gain: Estimate
    beyond: Estimate
    best: int

    @property
    def comparisons(self) -> int:
        return len(self.gains) + 1


def value_policies(judged: Judged) -> Values:
    """Means of pseudo-outcomes, with intervals."""
    scores = judged.scores
    rows = np.arange(len(scores))
    chosen = scores[rows, judged.chosen]
    static = tuple(_mean(scores[:, code]) for code in range(scores.shape[1]))
    best = int(np.argmax([one.value for one in static]))
    gains = tuple(_mean(scores[:, code] - scores[:, 0]) for code in range(1, scores.shape[1]))
    return Values(static, _mean(chosen), gains, _mean(chosen - scores[:, 0]), _mean(chosen - scores[:, best]), best)


def decide(values: Values) -> Verdict:
    """`no_action` where no lower bound of a gain over the control, adjusted for their number, is above 0; `personalise`
    where the lower bound of personalised less the best static arm is above 0; else `best_arm`."""
    gains = (*values.gains, values.personalised_gain)
    if not any(bounds(one, values.comparisons)[0] > 0 for one in gains):
        return Verdict.NO_ACTION
    return Verdict.PERSONALISE if values.beyond.low > 0 else Verdict.BEST_ARM


def _mean(numbers: Floats) -> Estimate:
    return clustered_mean(numbers, np.arange(len(numbers)))
