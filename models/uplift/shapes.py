"""Shapes: regressions of standardised pseudo-effects on features."""

from dataclasses import dataclass
from typing import Protocol

import lightgbm as lgb
import numpy as np
from scipy.optimize import nnls

from models.uplift.forests import Growth, cross_fit_or_none, fit_all
from models.uplift.ridge import moments_of, ridge, summed, without
from models.uplift.sample import Codes, Flags, Floats

KNOTS = 33
PENALTIES = (0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0)
"""Penalties of the ridge regression, per row."""

TREES = Growth(num_leaves=6, learning_rate=0.05, least_share=0.02, most_rounds=150, feature_fraction=0.7)


class EffectShape(Protocol):
    """A predictor of standardised effects."""

    def at(self, values: Floats) -> Floats: ...


@dataclass(frozen=True)
class Trees:
    """LightGBM trees; without a booster the prediction is 0."""

    booster: lgb.Booster | None

    def at(self, values: Floats) -> Floats:
        if self.booster is None:
            return np.zeros(len(values))
        return np.asarray(self.booster.predict(values), dtype=np.float64)


@dataclass(frozen=True)
class Ranks:
    """Features as ranks among the fitted rows, scaled to -1 … 1; a missing value is 0. `knots` (F, K)."""

    knots: Floats

    def of(self, values: Floats) -> Floats:
        indices = np.linspace(-1.0, 1.0, self.knots.shape[1])
        columns = [
            np.interp(values[:, index], knots, indices) if np.isfinite(knots).all() else np.zeros(len(values))
            for index, knots in enumerate(self.knots)
        ]
        return np.nan_to_num(np.column_stack(columns)) if columns else np.empty((len(values), 0))


@dataclass(frozen=True)
class Linear:
    """A ridge regression on ranks.

    Each row is summed separately, so that a row alone has the same bits as in a batch, which matrix products do not
    guarantee.
    """

    ranks: Ranks
    coefficients: Floats
    intercept: float

    def at(self, values: Floats) -> Floats:
        products = np.ascontiguousarray(self.ranks.of(values) * self.coefficients)
        return np.asarray(products.sum(axis=1) + self.intercept, dtype=np.float64)


@dataclass(frozen=True)
class LearnedShape:
    """A shape with the out-of-fold predictions of the rows it was fitted on."""

    shape: EffectShape
    out_of_fold: Floats


def ranks_of(values: Floats) -> Ranks:
    """Return quantiles as knots; ties are moved apart by the least that interpolation needs."""
    indices = np.linspace(0.0, 1.0, KNOTS)
    knots = np.full((values.shape[1], KNOTS), np.nan)
    for index in range(values.shape[1]):
        present = values[np.isfinite(values[:, index]), index]
        if len(present) and present.min() < present.max():
            knots[index] = _apart(np.quantile(present, indices))
    return Ranks(knots)


def _apart(knots: Floats) -> Floats:
    step = (knots[-1] - knots[0]) * 1e-9
    return np.asarray(knots + step * np.arange(len(knots)))


def learn_trees(values: Floats, target: Floats, fold: Codes, seed: int = 0) -> LearnedShape:
    """Fit small trees, or none where they do not beat 0 on out-of-fold rows."""
    result = cross_fit_or_none(values, target, fold, TREES, seed=seed)
    if not result.rounds:
        return LearnedShape(Trees(None), np.zeros(len(target)))
    booster = fit_all(values, target, TREES, result.rounds, seed=seed)
    return LearnedShape(Trees(booster), result.out_of_fold(values, fold))


def learn_linear(values: Floats, target: Floats, fold: Codes, weight: Floats | None = None) -> LearnedShape:
    """Fit a ridge regression with the penalty of the least out-of-fold error."""
    ranks = ranks_of(values)
    columns = ranks.of(values)
    w = np.ones(len(target)) if weight is None else weight
    parts = [moments_of(columns[in_fold], target[in_fold], w[in_fold]) for in_fold in _each(fold)]
    whole = summed(parts)
    candidates = []
    for penalty in PENALTIES:
        penalised = np.empty(len(target))
        for in_fold, fold_moments in zip(_each(fold), parts, strict=True):
            coefficients, intercept = ridge(without(whole, fold_moments), penalty)
            penalised[in_fold] = columns[in_fold] @ coefficients + intercept
        candidates.append((float(np.sum(w * (target - penalised) ** 2)), penalty, penalised))
    _, penalty, penalised = min(candidates, key=lambda candidate: candidate[0])
    coefficients, intercept = ridge(whole, penalty)
    return LearnedShape(Linear(ranks, coefficients, intercept), penalised)


def stack_shapes(columns: Floats, target: Floats, weight: Floats | None = None) -> Floats:
    """Return non-negative stacking weights of the columns, with a sum of at most 1."""
    w = np.ones(len(target)) if weight is None else weight
    root = np.sqrt(w)[:, None]
    centred = columns - np.average(columns, axis=0, weights=w)
    result, _ = nnls(centred * root, (target - np.average(target, weights=w)) * root[:, 0])
    return np.asarray(result / max(result.sum(), 1.0), dtype=np.float64)


def _each(fold: Codes) -> list[Flags]:
    return [fold == fold_index for fold_index in range(int(fold.max()) + 1)]
