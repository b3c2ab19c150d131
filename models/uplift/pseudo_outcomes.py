"""Pseudo-outcomes: per row and action a number whose mean, given the features, is the outcome under the action."""

import numpy as np

from models.uplift.effect_scale import Measure
from models.uplift.sample import DecisionSample, Floats

LOST = 0.03
"""Share of what all outcomes amount to that may lie beyond the bound at which they are drawn in."""

NEAREST = 4.0
"""No bound is nearer, in spreads: outcomes without tails stay as they are."""


def pseudo_outcomes(sample: DecisionSample, expected: Floats, taken: Floats) -> Floats:
    """(n, A): μₐ(x) + 1[A = a] (Y − μₐ(x)) / p, the augmented inverse-probability weighted score (Robins & Rotnitzky
    1995, JASA 90; cross-fitted as in Chernozhukov et al. 2018, Econometrics Journal 21). Unbiased where p is right,
    whatever μ is; its error is the product of both errors where p is estimated."""
    own = sample.taken()
    return np.asarray(expected + np.where(own, (sample.outcome[:, None] - expected) / taken[:, None], 0.0))


def winsorised_outcome(outcome: Floats, measure: Measure, reach: float) -> Floats:
    """Return the outcomes, each at most so far from what any action would let expect as a bound in its own spread:
    one order of a lifetime, or one account, would otherwise outweigh all others. The bound is the nearest one beyond
    which at most LOST of all amounts lie, at most `reach` times what 995 in 1,000 stay below, at least NEAREST.
    Infinity changes nothing."""
    distance = np.abs(outcome - measure.level) / measure.spread
    farthest = reach * float(np.quantile(distance, 0.995))
    if not np.isfinite(farthest):
        return outcome
    bound = min(max(_least_bound(distance, np.abs(outcome) / measure.spread), NEAREST), farthest)
    most = bound * np.minimum(measure.spread, np.quantile(measure.spread, 0.995))
    return np.asarray(measure.level + np.clip(outcome - measure.level, -most, most), dtype=np.float64)


def _least_bound(distance: Floats, amount: Floats) -> float:
    """Return the least distance beyond which the rows hold at most LOST of all `amount`."""
    order = np.argsort(-distance, kind="stable")
    beyond = np.cumsum(amount[order])
    return float(distance[order[min(int(np.searchsorted(beyond, LOST * beyond[-1], side="right")), len(order) - 1)]])
