"""Pseudo-outcomes: per row and action a number whose mean, given the features, is the outcome under the action."""

import numpy as np

from models.uplift.effect_scale import Measure
from models.uplift.sample import DecisionSample, Floats

LOST = 0.03
"""The share of the total of all outcomes that winsorising may remove."""

NEAREST = 4.0
"""No bound is nearer, in spreads: outcomes without tails stay as they are."""


def pseudo_outcomes(sample: DecisionSample, expected: Floats, taken: Floats) -> Floats:
    """Return (n, A): μₐ(x) + 1[A = a] (Y − μₐ(x)) / p, the augmented inverse-probability weighted (AIPW) score.

    Robins & Rotnitzky 1995, JASA 90; cross-fitted as in Chernozhukov et al. 2018, Econometrics Journal 21. Unbiased
    where p is known, whatever μ is; where p is estimated, its bias is of the order of the product of both errors.
    """
    own = sample.taken()
    return np.asarray(expected + np.where(own, (sample.outcome[:, None] - expected) / taken[:, None], 0.0))


def winsorised_outcome(outcome: Floats, measure: Measure, reach: float) -> Floats:
    """Return the outcomes (n) winsorised at a distance from their expected level, in units of their own spread.

    A single exceptional order, or one account, would otherwise outweigh all others. The bound is the nearest one beyond
    which at most LOST of the total lies; at least NEAREST, at most `reach` times the 99.5 % quantile of distances. An
    infinite `reach` changes nothing.
    """
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
