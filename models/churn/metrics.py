"""Metrics of a score on weighted, labelled rows: ranking, sharpness, calibration."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.churn.logistic_line import Floats

Mask = NDArray[np.bool_]

TOP_SHARE = 0.10
"""The share of rows that lift and flags look at (design §6)."""


@dataclass(frozen=True)
class Ranking:
    """Rows by falling score, cut into L levels of equal score; neighbouring levels without churned rows are one.

    `order`: rows by falling score. `starts`: the first index of each level in it. `churned`: 0 or 1 in that order.
    """

    order: NDArray[np.int64]
    starts: NDArray[np.int64]
    churned: Floats


@dataclass(frozen=True)
class LevelMetrics:
    """The weight of churned and of other rows at each level, highest scores first."""

    churned: Floats
    stayed: Floats


def rank_metrics(scores: Floats, churned: Mask) -> Ranking:
    """Rank rows; a missing score (NaN) ranks below every number."""
    known = np.where(np.isnan(scores), -np.inf, scores)
    order = np.argsort(-known, kind="stable")
    ordered, flags = known[order], churned[order].astype(np.float64)
    starts = np.flatnonzero(np.concatenate([[True], ordered[1:] != ordered[:-1]]))
    if not len(order):
        return Ranking(order, starts[:0], flags)
    with_churned = np.add.reduceat(flags, starts) > 0
    after_churned = np.concatenate([[True], with_churned[:-1]])
    return Ranking(order, starts[with_churned | after_churned], flags)


def weigh(ranking: Ranking, weights: Floats) -> LevelMetrics:
    """Return the levels of a ranking when row i counts `weights[i]` times."""
    if not len(ranking.starts):
        return LevelMetrics(np.zeros(0), np.zeros(0))
    ordered = weights[ranking.order]
    churned = np.add.reduceat(ordered * ranking.churned, ranking.starts)
    return LevelMetrics(churned, np.add.reduceat(ordered, ranking.starts) - churned)


def auc(levels: LevelMetrics) -> float:
    """Chance that a churned row ranks above another one, ties half; NaN where one of the two is absent."""
    churned, stayed = float(levels.churned.sum()), float(levels.stayed.sum())
    if not (churned > 0 and stayed > 0):
        return float("nan")
    above = np.cumsum(levels.stayed) - levels.stayed / 2
    return 1.0 - float(np.sum(levels.churned * above)) / (churned * stayed)


def average_precision(levels: LevelMetrics) -> float:
    """Mean precision at each churned row (steps, not interpolated); NaN without churned rows."""
    churned = float(levels.churned.sum())
    if not churned > 0:
        return float("nan")
    result = np.cumsum(levels.churned)
    ranked = result + np.cumsum(levels.stayed)
    return float(np.sum(levels.churned * result / np.maximum(ranked, 1e-300))) / churned


def lift(levels: LevelMetrics, share: float = TOP_SHARE) -> float:
    """Churn rate of the top `share` over that of all; a level cut by the border counts in proportion."""
    churned, weight = float(levels.churned.sum()), levels.churned + levels.stayed
    if not churned > 0:
        return float("nan")
    room = share * float(weight.sum()) - (np.cumsum(weight) - weight)
    part = np.clip(room / np.where(weight > 0, weight, 1.0), 0.0, 1.0)
    return float(np.sum(levels.churned * part)) / churned / share


def top_share(scores: Floats, cutoffs: NDArray[np.int64], share: float = TOP_SHARE) -> Mask:
    """Return which rows are among the top `share` of their own cutoff, rounded up; ties go to the earlier row."""
    order = np.lexsort((-np.where(np.isnan(scores), -np.inf, scores), cutoffs))
    _, first, counts = np.unique(cutoffs[order], return_index=True, return_counts=True)
    index = np.arange(len(scores)) - np.repeat(first, counts)
    top = np.zeros(len(scores), dtype=np.bool_)
    top[order] = index < np.repeat(np.ceil(counts * share), counts)
    return top
