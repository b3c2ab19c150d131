"""The final stage: pseudo-effects become one prediction per action, drawn to what all actions share."""

from dataclasses import dataclass

import numpy as np

from models.uplift.average_effects import measure_average_effects, shrunken_averages
from models.uplift.contrasts import clustered_mean
from models.uplift.effect_scale import Measure, OutcomeKind
from models.uplift.sample import Codes, DecisionSample, Flags, Floats
from models.uplift.shapes import EffectShape, learn_linear, learn_trees, stack_shapes
from models.uplift.shared_shape import SharedShape, learn_shared, no_shared_shape

CLIPPED = (0.001, 0.999)
LEAST_T = 2.5
"""Learned differences with a smaller t value are dropped, larger ones shrunk by it."""


@dataclass(frozen=True)
class FittedActionEffect:
    """An action's own part of its effect at a row: the row's stake by the shared factor by `level`, plus its spread by
    the shapes by their `weights`. `shrinkage`: share of the action's own differences that remains, from 0 to 1."""

    level: float
    shapes: tuple[EffectShape, ...]
    weights: tuple[float, ...]
    shrinkage: float

    def at(self, values: Floats, measure: Measure, factor: Floats) -> Floats:
        match = self.level * measure.effect_scale * factor
        for shape, weight in zip(self.shapes, self.weights, strict=True):
            if weight:
                match = match + weight * measure.spread * shape.at(values)
        return np.asarray(match)


@dataclass(frozen=True)
class FinalStage:
    """The effects of every action but the first. `held_out` (n, A): of the rows they were learned from, by folds that
    did not have them; NaN where not supported."""

    effects: tuple[FittedActionEffect, ...]
    shared: SharedShape
    held_out: Floats


def fit_final_stage(
    rows: DecisionSample, scores: Floats, measure: Measure, supported: Flags, fold: Codes, kind: OutcomeKind
) -> FinalStage:
    """Averages as shares of the stake, drawn together; a factor that all actions share (on amounts, where several
    actions can agree on one); what each action has of its own."""
    codes = range(1, len(rows.actions))
    masks = [supported[:, code] for code in codes]
    effects = [
        ((scores[:, code] - scores[:, 0]) / measure.spread)[mask] for code, mask in zip(codes, masks, strict=True)
    ]
    unit = measure.effect_scale / measure.spread
    levels = shrunken_averages(measure_average_effects(effects, [unit[mask] for mask in masks], masks, rows.account))
    several = kind is OutcomeKind.AMOUNT and len(masks) > 1
    shared = learn_shared(rows, scores, measure, supported, levels, fold) if several else no_shared_shape(len(rows))
    held_out = np.full(scores.shape, np.nan)
    held_out[:, 0] = 0.0
    fitted = []
    for place, mask in enumerate(masks):
        common = levels[place] * (unit * shared.held_out)[mask]
        own, differences = _own_differences(effects[place] - common, rows.where(mask), fold[mask], float(levels[place]))
        fitted.append(own)
        held_out[mask, place + 1] = measure.spread[mask] * (common + differences)
    return FinalStage(tuple(fitted), shared.shape, held_out)


def _own_differences(
    rest: Floats, rows: DecisionSample, fold: Codes, level: float
) -> tuple[FittedActionEffect, Floats]:
    """Learns shapes from the clipped remainder, weighs them by how they predict held-out remainders, shrinks the sum
    by the positive part of 1 − LEAST_T² ∕ t² (as James & Stein 1961: several shapes and penalties were tried)."""
    clipped = np.clip(rest, *np.quantile(rest, CLIPPED))
    learned = [learn_linear(rows.values, clipped, fold), learn_trees(rows.values, clipped, fold)]
    columns = np.column_stack([part.held_out for part in learned])
    raw = stack_shapes(columns, rest)
    retained = _retained(columns @ raw, rest, rows.account)
    effect = FittedActionEffect(
        level, tuple(part.shape for part in learned), tuple((retained * raw).tolist()), retained
    )
    return effect, columns @ (retained * raw)


def _retained(predicted: Floats, rest: Floats, account: Codes) -> float:
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
