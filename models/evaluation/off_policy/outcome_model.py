"""Regression of outcomes: expected outcomes of every action with their typical error, cross-fitted."""

from dataclasses import dataclass

import numpy as np

from models.evaluation.off_policy.randomised_rows import Codes, Floats, RandomisedRows
from models.uplift.folds import folds_of
from models.uplift.forests import Growth, cross_fit

LEAST_ROWS = 200
MOST_ROWS = 24_000
"""More rows improve the regression little and take longer."""

LEVEL = Growth(num_leaves=8, learning_rate=0.08, least_share=0.003, most_rounds=150, feature_fraction=0.7)
SPREAD = Growth(num_leaves=8, learning_rate=0.1, least_share=0.01, most_rounds=60, feature_fraction=0.7)
LITTLE = 0.1
"""Share of the median that is added to the past outcome, so that ratios to it stay finite."""

FAR = 8.0
"""Targets of the trees are winsorised at so many times their mean size."""

LARGE = 0.98
LEAST_SPREAD = 0.1


@dataclass(frozen=True)
class Regression:
    """`expected` (n × K): outcomes by action. `size` (n): the typical outcome, above 0; `spread` (n): the typical size
    of residuals; both None where past outcomes, which they are measured by, are unknown."""

    expected: Floats
    size: Floats | None = None
    spread: Floats | None = None


@dataclass(frozen=True)
class OutcomeRows:
    """Rows to learn from: the randomised ones first, then further ones. `past`: the outcome over as much time before,
    at least 0; None where outcomes are no amounts."""

    values: Floats
    outcome: Floats
    account: Codes
    past: Floats | None = None


def expected_outcomes(rows: RandomisedRows, known: OutcomeRows | None, seed: int = 0) -> Regression:
    """Fit the regression, cross-fitted by account; the mean of the other rows without features, or with few rows.

    Trees learn the ratio to the past, which also fits accounts far larger than all others; each action changes it by a
    share. The doubly robust estimate is consistent with any regression; a better one makes it narrower.
    """
    if known is None or known.values.shape[1] == 0 or len(rows) < LEAST_ROWS:
        return Regression(_means(rows, seed))
    fold = folds_of(known.account, seed=seed)
    unit = np.ones(len(fold)) if known.past is None else _unit(known.past)
    values = known.values if known.past is None else np.column_stack([known.values, np.log(unit)])
    learn = _learners(len(fold), seed)
    level = _level(values, known.outcome, unit, fold, learn, seed)
    own = slice(0, len(rows))
    if known.past is None:
        return Regression(_by_action(rows, level[own], np.ones(len(rows)), fold[own]))
    size = np.maximum(level, LITTLE * unit)
    spread = size * _noise(values, np.abs(known.outcome - level) / size, fold, learn, seed)
    return Regression(_by_action(rows, level[own], size[own], fold[own]), size[own], spread[own])


def _unit(past: Floats) -> Floats:
    return past + LITTLE * float(np.median(past[past > 0])) if (past > 0).any() else np.ones(len(past))


def _learners(rows: int, seed: int) -> Codes:
    if rows <= MOST_ROWS:
        return np.arange(rows)
    return np.sort(np.random.default_rng([seed, rows]).choice(rows, MOST_ROWS, replace=False))


def _level(values: Floats, outcome: Floats, unit: Floats, fold: Codes, learn: Codes, seed: int) -> Floats:
    """Expected outcomes whatever the action."""
    weight = np.minimum(unit, np.quantile(unit, LARGE))[learn]
    ratio = _near((outcome / unit)[learn])
    trees = cross_fit(values[learn], ratio, fold[learn], LEVEL, weight=weight, seed=seed)
    return np.asarray(trees.out_of_fold(values, fold) * unit, dtype=np.float64)


def _near(numbers: Floats) -> Floats:
    bound = FAR * float(np.abs(numbers).mean())
    return np.clip(numbers, -bound, bound)


def _noise(values: Floats, ratio: Floats, fold: Codes, learn: Codes, seed: int) -> Floats:
    """Return the usual |outcome − level| as a share of the size."""
    trees = cross_fit(values[learn], _near(ratio[learn]), fold[learn], SPREAD, seed=seed)
    return np.maximum(trees.out_of_fold(values, fold), LEAST_SPREAD)


def _by_action(rows: RandomisedRows, level: Floats, size: Floats, fold: Codes) -> Floats:
    """Return the level moved by each action's mean residual as a share of the size, from the other folds; shares
    that could be chance are drawn to none: of each the positive part of 1 − 1 ∕ t² is kept."""
    t = _near((rows.outcome - level) / size)
    expected = np.repeat(level[:, None], len(rows.actions), axis=1)
    for code in range(len(rows.actions)):
        for fold_index in np.unique(fold):
            train, in_fold = t[(rows.action == code) & (fold != fold_index)], fold == fold_index
            expected[in_fold, code] += _retained(train, float(t[fold != fold_index].mean())) * size[in_fold]
    return expected


def _retained(residuals: Floats, middle: float) -> float:
    if len(residuals) < 2:
        return 0.0
    share, variance = float(residuals.mean()) - middle, float(residuals.var()) / len(residuals)
    return share * max(0.0, 1.0 - variance / share**2) if share else 0.0


def _means(rows: RandomisedRows, seed: int) -> Floats:
    fold = folds_of(rows.account, seed=seed)
    parts, index = np.unique(fold, return_inverse=True)
    training = [rows.outcome[fold != fold_index] for fold_index in parts]
    means = np.array([rest.mean() if len(rest) else 0.0 for rest in training])
    return np.repeat(means[index][:, None], len(rows.actions), axis=1)
