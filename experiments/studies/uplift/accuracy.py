"""Accuracy of learned effects against the true effects of the simulated world, with its upper bound."""

from typing import Any

import numpy as np
from scipy.stats import spearmanr

from experiments.studies.uplift.learners import LearnerResult
from models.uplift.folds import folds_of
from models.uplift.forests import Growth, cross_fit
from models.uplift.outcome_regression import regress_common
from models.uplift.sample import DecisionSample, Flags, Floats

GROWTH = Growth(num_leaves=15, learning_rate=0.1, most_rounds=150)
CLIPPED = (0.01, 0.99)


def measure_learner(learned: LearnerResult, true: Floats, error: Floats, eligible: Flags) -> dict[str, Any]:
    """Return the accuracy of a learner.

    `corr`: rank correlation of predicted and true effects over rows, mean over actions, at least -1. `sign_error`:
    share of wrong signs among rows and actions whose true effect is over two standard errors from 0 and whose effect is
    claimed; `claimed`: share of them with a claimed effect. `group_coverage`, `half_width`, `bias`: of the group
    intervals against the mean truth of the same rows.
    """
    known = eligible & np.isfinite(learned.predicted)
    known[:, 0] = False
    truths = np.array([true[group.mask, group.action].mean() for group in learned.groups])
    low, high = (np.array([getattr(group, side) for group in learned.groups]) for side in ("low", "high"))
    values = np.array([group.value for group in learned.groups])
    return {
        **measure_rows(learned.predicted, true, error, known),
        "group_coverage": float(np.mean((low <= truths) & (truths <= high))),
        "half_width": float(np.mean((high - low) / 2.0)),
        "half_width_median": float(np.median((high - low) / 2.0)),
        "bias": float(np.mean(values - truths)),
        "mean_truth": float(truths.mean()),
        "groups": len(learned.groups),
        "known": float(known[:, 1:].sum() / max(eligible[:, 1:].sum(), 1)),
    }


def measure_rows(predicted: Floats, true: Floats, error: Floats, known: Flags) -> dict[str, float]:
    """Return `corr`, `sign_error`, `claimed` of single rows; `known` (n, A): rows and actions to measure."""
    sure = known & (np.abs(true) > 2.0 * error)
    claimed = predicted[sure] != 0.0
    wrong = (np.sign(predicted[sure]) != np.sign(true[sure]))[claimed]
    pairs = [(predicted[known[:, a], a], true[known[:, a], a]) for a in range(1, true.shape[1])]
    return {
        "corr": float(np.mean([_rank_correlation(*pair) for pair in pairs])),
        "sign_error": float(wrong.mean()) if len(wrong) else 0.0,
        "claimed": float(claimed.mean()),
    }


def _rank_correlation(predicted: Floats, true: Floats) -> float:
    """Return the rank correlation, 0 where all predictions are equal."""
    if len(predicted) < 3 or np.ptp(predicted) == 0:
        return 0.0
    return float(spearmanr(predicted, true).statistic)


def ceiling_of(sample: DecisionSample, true: Floats, error: Floats) -> dict[str, float]:
    """Return `corr`, `sign_error` of trees fitted to the true effects as shares of the effect scale, cross-fitted by
    account.

    It is the accuracy that the features allow with unlimited rows.
    """
    fold = folds_of(sample.account)
    effect_scale = regress_common(sample, fold).measure.effect_scale
    known: Flags = sample.eligible & np.isfinite(true)
    known[:, 0] = False
    predicted = np.zeros(true.shape)
    for code in range(1, true.shape[1]):
        mask = known[:, code]
        share = (true[:, code] / effect_scale)[mask]
        clipped = np.clip(share, *np.quantile(share, CLIPPED))
        trees = cross_fit(sample.values[mask], clipped, fold[mask], GROWTH)
        predicted[mask, code] = effect_scale[mask] * trees.out_of_fold(sample.values[mask], fold[mask])
    result = measure_rows(predicted, true, error, known)
    return {"corr": result["corr"], "sign_error": result["sign_error"]}
