"""Pseudo-outcomes: per row and action a number whose mean, given the features, is the outcome under the action."""

import numpy as np

from models.effects.sample import Floats, Sample


def pseudo_outcomes(sample: Sample, expected: Floats, taken: Floats) -> Floats:
    """(n, A): μₐ(x) + 1[A = a] (Y − μₐ(x)) / p, the augmented inverse-probability weighted score (Robins & Rotnitzky
    1995, JASA 90; cross-fitted as in Chernozhukov et al. 2018, Econometrics Journal 21). Unbiased where p is right,
    whatever μ is; its error is the product of both errors where p is estimated."""
    own = sample.taken()
    return np.asarray(expected + np.where(own, (sample.outcome[:, None] - expected) / taken[:, None], 0.0))


def tamed_outcome(sample: Sample, expected: Floats, spread: Floats, reach: float) -> Floats:
    """The outcomes, each at most so far from its expectation as `reach` times what 995 in 1,000 stay below, measured by
    the row's own spread (or by what 995 in 1,000 spreads stay below): one order of a lifetime, or one account, would
    otherwise outweigh all others. Infinity changes nothing."""
    usual = expected[np.arange(len(sample)), sample.action]
    rest = sample.outcome - usual
    bound = reach * float(np.quantile(np.abs(rest / spread), 0.995)) * np.minimum(spread, np.quantile(spread, 0.995))
    return np.asarray(usual + np.clip(rest, -bound, bound), dtype=np.float64)
