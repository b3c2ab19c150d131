"""Accuracy of learned effects against the world's true ones, and the best that the features allow."""

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
    """`corr`: rank correlation of predicted and true effects over rows, mean over actions, at least -1. `sign_error`:
    share of rows and actions with the wrong sign, where the truth is over two of its errors from 0 and an effect is
    claimed at all; `claimed`: in which share of them one is.
    `group_coverage`, `half_width`, `bias`: of the group intervals against the mean truth of the same rows."""
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
    """What is said of single rows, `known` (n, A) saying of which: `corr`, `sign_error`, `claimed`."""
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
    """0 where everything is predicted alike."""
    if len(predicted) < 3 or np.ptp(predicted) == 0:
        return 0.0
    return float(spearmanr(predicted, true).statistic)


def ceiling_of(sample: DecisionSample, true: Floats, error: Floats) -> dict[str, float]:
    """`corr`, `sign_error` of trees fitted to the truth as a share of the stake, cross-fitted by account: what is
    beyond them is not in the features, however many rows there are."""
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
