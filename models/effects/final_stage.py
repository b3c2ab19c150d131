"""The final stage: pseudo-effects become one prediction per action, drawn to the action's average."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.optimize import nnls

from models.effects.contrasts import clustered_mean
from models.effects.sample import Codes, Flags, Floats
from models.effects.shapes import Learned, Shape, learn_linear, learn_trees

CLIPPED = (0.001, 0.999)
LEAST_T = 2.0
"""Learned differences with a smaller t value are dropped, larger ones shrunk by it."""


@dataclass(frozen=True)
class ActionEffect:
    """An action's effect at a row: `level` (times the row's spread where `proportional`), plus the spread times the
    shapes by their `weights`. `kept`: the share of the learned differences that was kept, from 0 to 1."""

    proportional: bool
    level: float
    shapes: tuple[Shape, ...]
    weights: tuple[float, ...]
    kept: float

    def at(self, values: Floats, spread: Floats) -> Floats:
        found = self.level * (spread if self.proportional else np.ones(len(spread)))
        for shape, weight in zip(self.shapes, self.weights, strict=True):
            if weight:
                found = found + weight * spread * shape.at(values)
        return np.asarray(found)


@dataclass(frozen=True)
class Standardised:
    """Pseudo-effects of one action over the spread of their rows, with the measured level taken out (`rest`).
    `error`: of the level. `weight`: their precision."""

    proportional: bool
    level: float
    error: float
    rest: Floats
    weight: float


@dataclass(frozen=True)
class Fitted:
    """An action's effect, with what it predicts for the rows it was learned from by folds."""

    effect: ActionEffect
    held_out: Floats


def standardise(pseudo_effect: Floats, spread: Floats, account: Codes, proportional: bool) -> Standardised:
    """Takes the average out: as a share of the spread (`proportional`: effects on amounts grow with what is at stake),
    or flat. Either is a least-squares fit in which every row counts by the inverse of its variance."""
    t = pseudo_effect / spread
    unit = np.ones(len(t)) if proportional else 1.0 / spread
    level = float(np.sum(t * unit) / np.sum(unit**2))
    rest = t - level * unit
    error = clustered_mean(unit * rest * len(t) / np.sum(unit**2), account).error
    return Standardised(proportional, level, error, rest, 1.0 / max(float(t.var()), 1e-300))


def pool_levels(parts: Sequence[Standardised]) -> list[Standardised]:
    """Averages that could be chance are drawn to what all actions have in common, and that to none: of each distance
    the positive part of 1 − 1 ∕ t² is kept. Errors share the rows that waited, so the common one's is their mean."""
    level, error = np.array([one.level for one in parts]), np.array([one.error for one in parts])
    weight = 1.0 / np.maximum(error, 1e-300) ** 2
    common = float(np.average(level, weights=weight))
    middle = _drawn(common, float(np.average(error, weights=weight)))
    return [
        replace(one, level=middle + _drawn(one.level - common, one.error) if len(parts) > 1 else middle)
        for one in parts
    ]


def _drawn(distance: float, error: float) -> float:
    """The positive part of 1 − 1 ∕ t² of a distance."""
    return distance * max(0.0, 1.0 - (error / distance) ** 2) if distance else 0.0


def fit_action(
    one: Standardised, values: Floats, spread: Floats, fold: Codes, account: Codes, shared: Sequence[Learned] = ()
) -> Fitted:
    """Learns shapes from the clipped remainder, weighs them by how they predict held-out remainders, shrinks the sum
    by the positive part of 1 − LEAST_T² ∕ t² (as James & Stein 1961: several shapes and penalties were tried)."""
    clipped = np.clip(one.rest, *np.quantile(one.rest, CLIPPED))
    learned = [learn_linear(values, clipped, fold), learn_trees(values, clipped, fold), *shared]
    columns = np.column_stack([part.held_out for part in learned])
    raw = _weights(columns, one.rest)
    kept = _kept(columns @ raw, one.rest, account)
    effect = ActionEffect(
        one.proportional,
        one.level,
        tuple(part.shape for part in learned),
        tuple((kept * raw).tolist()),
        kept,
    )
    base = one.level * (spread if one.proportional else np.ones(len(spread)))
    return Fitted(effect, base + spread * (columns @ (kept * raw)))


def _weights(columns: Floats, rest: Floats) -> Floats:
    """Weights from 0, together at most 1: what was learned is never blown up."""
    found, _ = nnls(columns - columns.mean(axis=0), rest - rest.mean())
    return np.asarray(found / max(found.sum(), 1.0), dtype=np.float64)


def _kept(predicted: Floats, rest: Floats, account: Codes) -> float:
    """The share to keep: 0 where the regression of remainders on predictions has a t value below LEAST_T."""
    centred = predicted - predicted.mean()
    strength = float(np.sum(centred**2))
    if strength <= 0:
        return 0.0
    slope = float(np.sum(centred * rest)) / strength
    scores = centred * (rest - slope * centred) * len(rest) / strength
    error = clustered_mean(scores, account).error
    if slope <= 0 or error <= 0:
        return 0.0
    return min(slope, 1.0) * max(0.0, 1.0 - (LEAST_T * error / slope) ** 2)


def learn_shared(parts: Sequence[tuple[Standardised, Flags]], values: Floats, fold: Codes) -> Learned:
    """Trees on the mean remainder over actions, each weighed by its precision; a part's flags say which rows it has."""
    total, weight = np.zeros(len(values)), np.zeros(len(values))
    for one, mask in parts:
        total[mask] += one.weight * one.rest
        weight[mask] += one.weight
    target = np.divide(total, weight, out=np.zeros(len(values)), where=weight > 0)
    return learn_trees(values, np.clip(target, *np.quantile(target, CLIPPED)), fold)
