"""The final stage of the DR-learner: regression of pseudo-effects on features, shrunk towards a shared shape."""

from dataclasses import dataclass

import numpy as np

from models.uplift.average_effects import AverageEffects, measure_average_effects, shrunken_averages
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
    """The fitted effect of one action.

    The effect at a row is `level` × effect scale × shared factor + spread × Σ weight × shape. `shrinkage`: share of the
    action's own differences that is retained, from 0 to 1.
    """

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
    """The effects of every action but the first."""

    effects: tuple[FittedActionEffect, ...]
    shared: SharedShape

    def at(self, values: Floats, measure: Measure) -> Floats:
        """Return the effects (n, A) against the first action, whose column is 0."""
        factor = self.shared.at(values)
        return np.column_stack(
            [np.zeros(len(values)), *(effect.at(values, measure, factor) for effect in self.effects)]
        )


def out_of_fold_effects(
    rows: DecisionSample, scores: Floats, measure: Measure, supported: Flags, fold: Codes, kind: OutcomeKind
) -> Floats:
    """Return the effects (n, A) that a stage fitted on the other folds predicts, NaN where they are not supported."""
    out_of_fold = np.full(scores.shape, np.nan)
    for fold_index in range(int(fold.max()) + 1):
        in_fold = fold == fold_index
        stage = fit_final_stage(
            rows.where(~in_fold),
            scores[~in_fold],
            measure.where(~in_fold),
            supported[~in_fold],
            _renumbered(fold[~in_fold]),
            kind,
        )
        out_of_fold[in_fold] = stage.at(rows.values[in_fold], measure.where(in_fold))
    out_of_fold[:, 1:][~supported[:, 1:]] = np.nan
    return out_of_fold


def fit_final_stage(
    rows: DecisionSample, scores: Floats, measure: Measure, supported: Flags, fold: Codes, kind: OutcomeKind
) -> FinalStage:
    """Fit the final stage.

    It has three parts: average effects as shares of the effect scale, shrunk jointly; for amounts with several actions,
    a factor that all actions share; and the differences of each action from both.
    """
    unit, masks, effects = _standardised(scores, measure, supported)
    levels = shrunken_averages(average_effects(rows, scores, measure, supported))
    several = kind is OutcomeKind.AMOUNT and len(masks) > 1
    shared = learn_shared(rows, scores, measure, supported, levels, fold) if several else no_shared_shape(len(rows))
    fitted = []
    for index, mask in enumerate(masks):
        common = levels[index] * (unit * shared.out_of_fold)[mask]
        fitted.append(_own_differences(effects[index] - common, rows.where(mask), fold[mask], float(levels[index])))
    return FinalStage(tuple(fitted), shared.shape)


def average_effects(rows: DecisionSample, scores: Floats, measure: Measure, supported: Flags) -> AverageEffects:
    """Return the average effect of every action but the first, measured on all supported rows."""
    unit, masks, effects = _standardised(scores, measure, supported)
    return measure_average_effects(effects, [unit[mask] for mask in masks], masks, rows.account)


def _standardised(scores: Floats, measure: Measure, supported: Flags) -> tuple[Floats, list[Flags], list[Floats]]:
    """Return effect scales over spreads and, for each action but the first, its supported rows and their pseudo-effects
    over spreads."""
    masks = [supported[:, code] for code in range(1, scores.shape[1])]
    effects = [((scores[:, code] - scores[:, 0]) / measure.spread)[mask] for code, mask in enumerate(masks, start=1)]
    return measure.effect_scale / measure.spread, masks, effects


def _renumbered(fold: Codes) -> Codes:
    return np.unique(fold, return_inverse=True)[1].astype(np.int64)


def _own_differences(rest: Floats, rows: DecisionSample, fold: Codes, level: float) -> FittedActionEffect:
    """Fit shapes to the clipped remainder and stack them by their out-of-fold predictions.

    The sum is shrunk by the positive part of 1 − LEAST_T² ∕ t² (as James & Stein 1961), because several shapes and
    penalties were tried.
    """
    clipped = np.clip(rest, *np.quantile(rest, CLIPPED))
    learned = [learn_linear(rows.values, clipped, fold), learn_trees(rows.values, clipped, fold)]
    columns = np.column_stack([shape.out_of_fold for shape in learned])
    raw = stack_shapes(columns, rest)
    retained = _retained(columns @ raw, rest, rows.account)
    shapes = tuple(shape.shape for shape in learned)
    return FittedActionEffect(level, shapes, tuple((retained * raw).tolist()), retained)


def _retained(predicted: Floats, rest: Floats, account: Codes) -> float:
    """Return the share to retain: 0 where the regression of remainders on predictions has a t value below LEAST_T."""
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
