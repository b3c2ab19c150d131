"""The verdict of a trial: no action, the best arm for all, or a personalised choice."""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from models.evaluation.trials.cross_fitting import CrossFittedTrial
from models.evaluation.trials.uplift_curve import bounds
from models.uplift.contrasts import ClusteredMean, clustered_mean
from models.uplift.sample import Codes


class TrialVerdict(StrEnum):
    """What should be done after the trial."""

    NO_ACTION = "no_action"
    BEST_ARM = "best_arm"
    PERSONALISE = "personalise"
    INVALID = "invalid"


@dataclass(frozen=True)
class PolicyValues:
    """Mean outcomes per row of policies: the same arm for all (`static`, by arm) and the learned best arm
    (`personalised`). `gains`: of every arm but the control, against the control; `personalised_gain` likewise.
    `beyond`: personalised less the best static arm, `best`, on the same rows. `comparisons`: simultaneous tests."""

    static: tuple[ClusteredMean, ...]
    personalised: ClusteredMean
    gains: tuple[ClusteredMean, ...]
    personalised_gain: ClusteredMean
    beyond: ClusteredMean
    best: int

    @property
    def comparisons(self) -> int:
        return len(self.gains) + 1


def value_policies(assessment: CrossFittedTrial, unit: Codes) -> PolicyValues:
    """Return the policies' values as means of pseudo-outcomes, with intervals; rows of one `unit` (n) are dependent."""
    scores = assessment.scores
    rows = np.arange(len(scores))
    chosen = scores[rows, assessment.chosen]
    static = tuple(clustered_mean(scores[:, code], unit) for code in range(scores.shape[1]))
    # Chosen and measured on the same data: gains are adjusted for their number (`comparisons`).
    best = int(np.argmax([estimate.value for estimate in static]))
    gains = tuple(clustered_mean(scores[:, code] - scores[:, 0], unit) for code in range(1, scores.shape[1]))
    return PolicyValues(
        static=static,
        personalised=clustered_mean(chosen, unit),
        gains=gains,
        personalised_gain=clustered_mean(chosen - scores[:, 0], unit),
        beyond=clustered_mean(chosen - scores[:, best], unit),
        best=best,
    )


def decide(values: PolicyValues) -> TrialVerdict:
    """Return the verdict of a trial whose arms have their shares.

    `no_action` where no lower bound of a gain over the control, adjusted for their number, is above 0; `personalise`
    where the lower bound of personalised less the best static arm is above 0; else `best_arm`.
    """
    gains = (*values.gains, values.personalised_gain)
    if not any(bounds(gain, values.comparisons)[0] > 0 for gain in gains):
        return TrialVerdict.NO_ACTION
    # Not adjusted: this is one comparison, asked only after one of the gains has passed.
    return TrialVerdict.PERSONALISE if values.beyond.low > 0 else TrialVerdict.BEST_ARM
