"""Outcome regression μₐ(x): one cross-fitted regression for all actions, corrected action by action."""

from dataclasses import dataclass, replace

import numpy as np

from models.uplift.effect_scale import LEAST_CHANCE_SPREAD, EffectScale, Measure, OutcomeKind, outcome_kind
from models.uplift.forests import CrossFitted, Growth, cross_fit, cross_fit_or_none
from models.uplift.sample import Codes, DecisionSample, Flags, Floats

POOLED = Growth(num_leaves=8, learning_rate=0.1)
OWN = Growth(num_leaves=4, learning_rate=0.05, least_share=0.02, most_rounds=60)
SPREAD = Growth(num_leaves=8, learning_rate=0.1, least_share=0.01, most_rounds=120)
OBJECTIVES = {OutcomeKind.BINARY: "binary", OutcomeKind.AMOUNT: "tweedie", OutcomeKind.NUMBER: "regression"}
CLIPPED = (0.0005, 0.9995)
"""Quantiles at which outcomes are clipped for the regressions."""

LEAST_SCALE_QUANTILE, LEAST_SPREAD_QUANTILE = 0.02, 0.1
INSIDE = (0.005, 0.995)


@dataclass(frozen=True)
class CommonRegression:
    """The outcome regression without actions.

    `measure`: out-of-fold, of the sample's rows. `scale`: predicts the measure of other rows.
    """

    measure: Measure
    scale: EffectScale


def regress_outcome(sample: DecisionSample, fold: Codes, learn: Flags, seed: int = 0) -> Floats:
    """Return (n, A) expected outcomes under each action, cross-fitted by `fold`.

    `learn`: rows whose actions match the estimand, for the corrections; the common regression uses every row.
    """
    return regress_actions(sample, regress_common(sample, fold, seed), fold, learn, seed)


def regress_common(sample: DecisionSample, fold: Codes, seed: int = 0) -> CommonRegression:
    """Fit the common regression on all rows: most actions change outcomes little, so that pooling gains precision."""
    kind = outcome_kind(sample.outcome)
    y = _clipped(sample.outcome, kind)
    trees = cross_fit(sample.values, y, fold, replace(POOLED, objective=OBJECTIVES[kind]), seed=seed)
    level = trees.out_of_fold(sample.values, fold)
    scatter, least_spread = None, LEAST_CHANCE_SPREAD
    if kind is not OutcomeKind.BINARY:
        scatter, least_spread = _scatter(sample.values, np.abs(y - level), fold, seed)
    least_scale = max(float(np.quantile(level, LEAST_SCALE_QUANTILE)), 1e-9)
    scale = EffectScale(kind, trees, scatter, least_scale, least_spread)
    return CommonRegression(scale.out_of_fold(sample.values, fold), scale)


def regress_actions(
    sample: DecisionSample, common: CommonRegression, fold: Codes, learn: Flags, seed: int = 0, trees: bool = True
) -> Floats:
    """Return (n, A): the common regression corrected for each action on its `learn` rows.

    By a line, with `trees` by small trees as well. Where propensities are known the line suffices: the pseudo-outcomes
    are unbiased anyway, and effects are small against the residual spread.
    """
    y = _clipped(sample.outcome, common.scale.kind)
    expected = np.column_stack(
        [
            _for_action(sample.values, y, common.measure, fold, learn & (sample.action == code), (seed, trees))
            for code in range(len(sample.actions))
        ]
    )
    return np.clip(expected, 0.0, 1.0) if common.scale.kind is OutcomeKind.BINARY else expected


def _clipped(outcome: Floats, kind: OutcomeKind) -> Floats:
    if kind is OutcomeKind.BINARY:
        return outcome
    low, high = np.quantile(outcome, CLIPPED)
    return np.asarray(np.clip(outcome, max(low, 0.0) if kind is OutcomeKind.AMOUNT else low, high))


def _scatter(values: Floats, rest: Floats, fold: Codes, seed: int) -> tuple[CrossFitted, float]:
    """Return a regression of the residuals' size, and a low quantile of its predictions."""
    trees = cross_fit(values, rest, fold, replace(SPREAD, objective="tweedie"), seed=seed)
    return trees, max(float(np.quantile(trees.out_of_fold(values, fold), LEAST_SPREAD_QUANTILE)), 1e-9)


def _for_action(
    values: Floats, y: Floats, measure: Measure, fold: Codes, treated: Flags, how: tuple[int, bool]
) -> Floats:
    """Return the common regression corrected on the rows of one action: a line per fold, then small trees on the
    residuals."""
    level, spread = measure.level, measure.spread
    moved = np.empty(len(level))
    for fold_index in range(int(fold.max()) + 1):
        fit, here = treated & (fold != fold_index), fold == fold_index
        moved[here] = _line(level[fit], y[fit], spread[fit], level[here])
    seed, trees = how
    if not trees or treated.sum() < 400 or len(np.unique(fold[treated])) <= int(fold.max()):
        return moved
    rest = (y - moved)[treated]
    result = cross_fit_or_none(values[treated], rest, fold[treated], OWN, weight=1.0 / spread[treated] ** 2, seed=seed)
    return moved + result.out_of_fold(values, fold)


def _line(level: Floats, y: Floats, spread: Floats, at: Floats) -> Floats:
    """Return a weighted least-squares line of the outcome on the common regression, shrunken towards no correction.

    The correction is constant beyond the quantiles INSIDE: a slope by chance would dominate at the extremes.
    """
    if len(level) < 50:
        return at
    weight = 1.0 / spread**2
    middle = np.average(level, weights=weight)
    centred = level - middle
    strength = float(np.sum(weight * centred**2))
    # A ridge penalty worth 30 rows.
    noise = 30.0 * float(np.mean(weight * centred**2))
    slope = 1.0 + float(np.sum(weight * centred * (y - level))) / (strength + noise) if strength > 0 else 1.0
    rest = np.average(y - slope * centred - middle, weights=weight)
    inside = np.clip(at, *np.quantile(level, INSIDE))
    return np.asarray(at + (slope - 1.0) * (inside - middle) + rest)
