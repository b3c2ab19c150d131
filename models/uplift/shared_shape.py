"""The shared shape: one factor on the average effect of every action, which differs between rows."""

from dataclasses import dataclass

import numpy as np

from models.uplift.effect_scale import Measure
from models.uplift.sample import Codes, DecisionSample, Flags, Floats
from models.uplift.shapes import EffectShape, learn_linear, stack_shapes


@dataclass(frozen=True)
class SharedShape:
    """The factor 1 + Σ weight · shape; 1 everywhere without shapes."""

    shapes: tuple[EffectShape, ...] = ()
    weights: tuple[float, ...] = ()

    def at(self, values: Floats) -> Floats:
        result = np.ones(len(values))
        for shape, weight in zip(self.shapes, self.weights, strict=True):
            if weight:
                result = result + weight * shape.at(values)
        return np.asarray(result)


@dataclass(frozen=True)
class SharedFactor:
    """The shape with its out-of-fold factor at the rows it was fitted on."""

    shape: SharedShape
    out_of_fold: Floats


def no_shared_shape(rows: int) -> SharedFactor:
    return SharedFactor(SharedShape(), np.ones(rows))


def learn_shared(
    sample: DecisionSample, scores: Floats, measure: Measure, supported: Flags, levels: Floats, fold: Codes
) -> SharedFactor:
    """Fit the shape g that the effects of all actions share.

    Contacts of all kinds act through the same need, so g is fitted on all actions at once. The pseudo-outcome of action
    k has the mean α + λₖ · scale · g, with the effect scale of the row, and variance in proportion to 1 ∕ pₖ, so each
    row's estimate of g is the weighted slope of its pseudo-outcomes on the λₖ. It is far more precise than a single
    contrast with waiting.
    """
    target, weight = _factors(sample, scores, measure, supported, levels)
    if not weight.any():
        return no_shared_shape(len(sample))
    learned = learn_linear(sample.values, target - 1.0, fold, weight)
    weights = stack_shapes(learned.out_of_fold[:, None], target - 1.0, weight)
    shape = SharedShape((learned.shape,), tuple(weights.tolist()))
    return SharedFactor(shape, 1.0 + learned.out_of_fold * weights[0])


def _factors(
    sample: DecisionSample, scores: Floats, measure: Measure, supported: Flags, levels: Floats
) -> tuple[Floats, Floats]:
    """Return per row an estimate of g and its weight.

    The weight is precision × √(effect scale), because errors cost more at large scales. Instead of propensities it uses
    each action's share among its eligible rows: weights that do not depend on the action taken are unbiased.
    """
    may = supported | (np.arange(scores.shape[1]) == 0)
    share_treated = np.bincount(sample.action, minlength=scores.shape[1]) / np.maximum(sample.eligible.sum(axis=0), 1)
    probability = may * share_treated
    probability = probability / np.maximum(probability.sum(axis=1, keepdims=True), 1e-300)
    dose = np.concatenate([[0.0], levels])
    centred = dose[None, :] - (probability @ dose)[:, None]
    strength = np.sum(probability * centred**2, axis=1)
    unit = measure.effect_scale / measure.spread
    ratio = np.sum(probability * centred * scores, axis=1) / measure.effect_scale
    target = np.divide(ratio, strength, out=np.ones(len(ratio)), where=strength > 0)
    weight = strength * unit**2 * np.sqrt(measure.effect_scale)
    return target, weight / max(float(weight.mean()), 1e-300)
