"""Cross-fitting of a trial: pseudo-outcomes of every row under each arm, and the arm that a learner chooses for it."""

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
    """`scores` (n, A): pseudo-outcomes under each arm. `predicted` (n, A): effects against the control, by a learner
    fitted without the row's fold. `chosen` (n): the arm with the largest predicted effect. `fold` (n)."""

    scores: Floats
    predicted: Floats
    chosen: Codes
    fold: Codes


def cross_fit_trial(trial: Trial, values: Floats, seed: int = 0) -> CrossFittedTrial:
    """Fit the learner on all folds but one, in turn, and predict the rows of that one."""
    sample = sample_from(trial, values)
    fold = folds_of(sample.account, FOLDS, seed)
    everywhere = np.ones(len(trial), dtype=bool)
    # Pseudo-outcomes and predictions use the same folds: neither may know the row that the other is measured on.
    expected = regress_outcome(sample, fold, everywhere, seed)
    scores = pseudo_outcomes(sample, expected, sample.probability)
    predicted = np.zeros(scores.shape)
    # The learner cross-fits once more within the other folds, since its own pseudo-outcomes must be honest, too.
    learner = EffectModel(folds=INNER_FOLDS, seed=seed + 1)
    for fold_index in range(FOLDS):
        in_fold = fold == fold_index
        predicted[in_fold] = learner.fit_sample(sample.where(~in_fold)).fitted.predict(values[in_fold])
    return CrossFittedTrial(scores, predicted, predicted.argmax(axis=1), fold)


def sample_from(trial: Trial, values: Floats) -> DecisionSample:
    """Return the trial as rows of a learner; where the file states no probability, it is the arm's share of rows."""
    shares = np.bincount(trial.arm, minlength=len(trial.arms)) / len(trial)
    stated = np.isfinite(trial.probability)
    return DecisionSample(
        values=values,
        action=trial.arm,
        outcome=trial.outcome,
        # Estimated shares instead of the design's are harmless: they even lower the variance (Hirano, Imbens & Ridder
        # 2003).
        probability=np.where(stated, trial.probability, shares[trial.arm]),
        account=trial.unit,
        eligible=np.ones((len(trial), len(trial.arms)), dtype=bool),
        actions=trial.arms,
    )
