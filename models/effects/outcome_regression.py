"""What an outcome would be under each action: one cross-fitted regression for all, corrected action by action."""

from dataclasses import dataclass, replace

import numpy as np

from models.effects.forests import CrossFitted, Growth, cross_fit, cross_fit_or_none
from models.effects.sample import Codes, Flags, Floats, Sample

POOLED = Growth(num_leaves=8, learning_rate=0.1)
OWN = Growth(num_leaves=4, learning_rate=0.05, least_share=0.02, most_rounds=60)
SPREAD = Growth(num_leaves=8, learning_rate=0.1, least_share=0.01, most_rounds=120)
CLIPPED = (0.0005, 0.9995)
"""Quantiles at which outcomes are clipped for the regressions; pseudo-outcomes use them as they were."""

LEAST_SPREAD_QUANTILE = 0.1
INSIDE = (0.005, 0.995)


@dataclass(frozen=True)
class Regressed:
    """The regression at the sample's own rows, each by trees that saw nothing of its fold. `expected` (n, A): the
    outcome under each action. `spread` (n,): the usual size of what is left over, never 0. `scale`: predicts it."""

    expected: Floats
    spread: Floats
    scale: "Scale"


@dataclass(frozen=True)
class Scale:
    """Predicts an outcome's spread at a row: √(p(1 − p)) where `trees` predict a `chance`, else what they predict."""

    chance: bool
    trees: CrossFitted
    least: float = 0.03

    def at(self, values: Floats) -> Floats:
        return self._of(self.trees.mean(values))

    def held_out(self, values: Floats, fold: Codes) -> Floats:
        return self._of(self.trees.held_out(values, fold))

    def _of(self, predicted: Floats) -> Floats:
        found = np.sqrt(predicted * (1.0 - predicted)) if self.chance else predicted
        return np.maximum(found, self.least)


def is_binary(outcome: Floats) -> bool:
    return bool(np.isin(outcome, (0.0, 1.0)).all())


def regress_outcome(sample: Sample, fold: Codes, learn: Flags, seed: int = 0) -> Regressed:
    """Cross-fitted by `fold`. `learn`: rows whose actions mean what the estimand means, for the corrections; the
    regression for all actions uses every row. Many actions change little, so most is learned from all together."""
    y = _clipped(sample.outcome)
    objective = _objective(sample.outcome)
    pooled = cross_fit(sample.values, y, fold, replace(POOLED, objective=objective), seed=seed)
    level = pooled.held_out(sample.values, fold)
    scale = Scale(True, pooled) if objective == "binary" else _scale(sample.values, y - level, fold, seed)
    spread = scale.held_out(sample.values, fold)
    expected = np.column_stack(
        [
            _for_action(sample, y, level, spread, fold, learn & (sample.action == code), seed)
            for code in range(len(sample.actions))
        ]
    )
    if objective == "binary":
        expected = np.clip(expected, 0.0, 1.0)
    return Regressed(expected, spread, scale)


def _objective(outcome: Floats) -> str:
    if is_binary(outcome):
        return "binary"
    return "tweedie" if (outcome >= 0).all() else "regression"


def _clipped(outcome: Floats) -> Floats:
    if is_binary(outcome):
        return outcome
    low, high = np.quantile(outcome, CLIPPED)
    return np.asarray(np.clip(outcome, low, high))


def _scale(values: Floats, rest: Floats, fold: Codes, seed: int) -> Scale:
    """The mean size of the residual by row, at least its own low quantile."""
    trees = cross_fit(values, np.abs(rest), fold, replace(SPREAD, objective="tweedie"), seed=seed)
    least = float(np.quantile(trees.held_out(values, fold), LEAST_SPREAD_QUANTILE))
    return Scale(False, trees, max(least, 1e-9))


def _for_action(
    sample: Sample, y: Floats, level: Floats, spread: Floats, fold: Codes, mine: Flags, seed: int
) -> Floats:
    """The common regression moved to the rows of one action: a line per fold, then small trees on what is left."""
    moved = np.empty(len(level))
    for part in range(int(fold.max()) + 1):
        fit, here = mine & (fold != part), fold == part
        moved[here] = _line(level[fit], y[fit], spread[fit], level[here])
    if mine.sum() < 400 or len(np.unique(fold[mine])) <= int(fold.max()):
        return moved
    rest = (y - moved)[mine]
    trees = cross_fit_or_none(sample.values[mine], rest, fold[mine], OWN, weight=1.0 / spread[mine] ** 2, seed=seed)
    return moved + trees.held_out(sample.values, fold)


def _line(level: Floats, y: Floats, spread: Floats, at: Floats) -> Floats:
    """A weighted least-squares line of the outcome on the common regression, drawn to the line of no correction; flat
    beyond the quantiles INSIDE, where a slope that is chance would be worth more than everything else."""
    if len(level) < 50:
        return at
    weight = 1.0 / spread**2
    middle = np.average(level, weights=weight)
    centred = level - middle
    strength = float(np.sum(weight * centred**2))
    noise = 30.0 * float(np.mean(weight * centred**2))
    slope = 1.0 + float(np.sum(weight * centred * (y - level))) / (strength + noise) if strength > 0 else 1.0
    rest = np.average(y - slope * centred - middle, weights=weight)
    inside = np.clip(at, *np.quantile(level, INSIDE))
    return np.asarray(at + (slope - 1.0) * (inside - middle) + rest)
