"""Cross-fitted answers of a trial: what every row would have been worth under each arm, which arm is learned for it."""

from dataclasses import dataclass

import numpy as np

from models.evaluation.trials.trial_file import Trial
from models.uplift.folds import folds_of
from models.uplift.learner import EffectModel
from models.uplift.outcome_regression import regress_outcome
from models.uplift.pseudo_outcomes import pseudo_outcomes
from models.uplift.sample import Codes, DecisionSample, Floats

FOLDS, INNER_FOLDS = 5, 3


@dataclass(frozen=True)
class CrossFittedTrial:
    """Row by row. `scores` (n, A): pseudo-outcomes under each arm. `predicted` (n, A): effects against the control, by
    a learner that saw nothing of the row's fold. `chosen`: the arm with the largest of them. `fold`: of the row."""

    scores: Floats
    predicted: Floats
    chosen: Codes
    fold: Codes


def cross_fit_trial(trial: Trial, values: Floats, seed: int = 0) -> CrossFittedTrial:
    """Every fold is judged by what was learned from the others."""
    sample = sample_from(trial, values)
    fold = folds_of(sample.account, FOLDS, seed)
    everywhere = np.ones(len(trial), dtype=bool)
    # Pseudo-outcomes and predictions use the same folds: neither may know the row that the other is measured on.
    expected = regress_outcome(sample, fold, everywhere, seed)
    scores = pseudo_outcomes(sample, expected, sample.probability)
    predicted = np.zeros(scores.shape)
    # The learner cross-fits once more within the other folds, since its own pseudo-outcomes must be honest, too.
    learner = EffectModel(folds=INNER_FOLDS, seed=seed + 1)
    for part in range(FOLDS):
        mine = fold == part
        predicted[mine] = learner.fit_sample(sample.where(~mine)).fitted.predict(values[mine])
    return CrossFittedTrial(scores, predicted, predicted.argmax(axis=1), fold)


def sample_from(trial: Trial, values: Floats) -> DecisionSample:
    """The trial as a learner's rows; without stated chances those of a plain draw, the arms' shares."""
    shares = np.bincount(trial.arm, minlength=len(trial.arms)) / len(trial)
    stated = np.isfinite(trial.probability)
    return DecisionSample(
        values=values,
        action=trial.arm,
        outcome=trial.outcome,
        # Estimated shares instead of the design's are harmless: they even lower the variance (Hirano, Imbens & Ridder
        # 2003).
        probability=np.where(stated, trial.probability, shares[trial.arm]),
        account=np.arange(len(trial)),
        eligible=np.ones((len(trial), len(trial.arms)), dtype=bool),
        actions=trial.arms,
    )
