"""Ranking quality of an arm's predicted effects: Qini, area under the uplift curve (AUUC), bins."""

from dataclasses import dataclass

import numpy as np
from scipy.stats import rankdata

from models.uplift.contrasts import ClusteredMean, clustered_mean
from models.uplift.effect_evidence import EffectBin
from models.uplift.sample import Codes, Floats

BINS = 5


@dataclass(frozen=True)
class ArmRanking:
    """`qini`: area between the arm's curve of summed effects, per row, and the straight line to its end. `auuc`: area
    under the curve. `bins`: fifths of the rows from the least predicted effect to the largest."""

    qini: ClusteredMean
    auuc: ClusteredMean
    bins: tuple[EffectBin, ...]


def rank_arm(effect: Floats, predicted: Floats, fold: Codes, unit: Codes) -> ArmRanking:
    """Return Qini, AUUC and bins of pseudo-effects `effect` (n), ranked by cross-fitted predictions `predicted` (n).
    Rows of one `unit` (n) are dependent.

    Rows are ranked within their fold; ties share a rank, so that a learner that sees no differences has a Qini of 0.

    With r from 0 (largest) to 1, the area under the curve is E[τ (1 − r)] and the Qini E[τ (½ − r)], the covariance of
    effect and rank (Radcliffe 2007; a RATE of Yadlowsky et al. 2025, JASA 120); errors by the influence function,
    which counts that ranks are estimated too.
    """
    rank, below = np.empty(len(effect)), np.empty(len(effect))
    for fold_index in range(int(fold.max()) + 1):
        in_fold = fold == fold_index
        # Predictions of different folds come from different models, whose levels do not compare.
        rank[in_fold], below[in_fold] = _ranks(effect[in_fold], predicted[in_fold])
    qini = _estimate(effect * (0.5 - rank), effect * (0.5 - rank) - below, unit)
    auuc = _estimate(effect * (1.0 - rank), effect * (1.0 - rank) - below, unit)
    return ArmRanking(qini, auuc, tuple(_bins(effect, predicted, rank, unit)))


def bounds(estimate: ClusteredMean, comparisons: int) -> tuple[float, float]:
    """Return the 95 % interval that holds for so many comparisons at once (Bonferroni)."""
    return estimate.bounds(1.0 - 0.05 / comparisons)


def lower(estimate: ClusteredMean, comparisons: int) -> float:
    return bounds(estimate, comparisons)[0]


def _ranks(effect: Floats, predicted: Floats) -> tuple[Floats, Floats]:
    """Return each row's rank from the top, in (0, 1); the sum of the effects ranked below it, per row, ties counting
    half."""
    count = len(effect)
    # Rounded: the same prediction summed in another order must tie, or the Qini would depend on the last bit.
    ascending = rankdata(np.round(predicted, 12))
    rank = 1.0 - (ascending - 0.5) / count
    level = np.unique(ascending, return_inverse=True)[1]
    sums = np.bincount(level, weights=effect) / count
    return rank, np.asarray((np.cumsum(sums) - sums / 2.0)[level])


def _estimate(values: Floats, influence: Floats, unit: Codes) -> ClusteredMean:
    spread = clustered_mean(influence, unit)
    return ClusteredMean(float(values.mean()), spread.error, spread.degrees, len(values))


def _bins(effect: Floats, predicted: Floats, rank: Floats, unit: Codes) -> list[EffectBin]:
    fifth = np.minimum(((1.0 - rank) * BINS).astype(np.int64), BINS - 1)
    return [
        EffectBin(float(predicted[in_bin].mean()), clustered_mean(effect[in_bin], unit[in_bin]))
        for in_bin in (fifth == number for number in range(BINS))
        if in_bin.sum() > 1
    ]
