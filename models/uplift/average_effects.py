"""Average effects of all actions, estimated together and shrunk towards their common mean."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from models.uplift.sample import Codes, Flags, Floats

STEPS, NEAREST, FARTHEST = 12, 1.0, 5.0
"""Of the grid of prior spreads: from the least standard error to so many times the largest effect."""


@dataclass(frozen=True)
class AverageEffects:
    """Average effects of K actions against waiting.

    `value` (K,): as shares of the effect scale. `covariance` (K, K): of their errors, which are correlated because all
    actions are compared with the same rows that waited.
    """

    value: Floats
    covariance: Floats

    @property
    def error(self) -> Floats:
        return np.sqrt(np.diag(self.covariance))


def measure_average_effects(
    effects: Sequence[Floats], units: Sequence[Floats], masks: Sequence[Flags], account: Codes
) -> AverageEffects:
    """Fit the average effects by least squares, with errors clustered by account.

    `effects`, `units`: pseudo-effects and effect scales of the rows in each action's mask, both divided by the row's
    spread, so that each row is weighted by its inverse variance.
    """
    who = np.unique(account, return_inverse=True)[1]
    accounts = int(who.max()) + 1
    value, parts = np.zeros(len(masks)), np.zeros((accounts, len(masks)))
    for index, (effect, unit, mask) in enumerate(zip(effects, units, masks, strict=True)):
        strength = max(float(np.sum(unit**2)), 1e-300)
        value[index] = float(np.sum(effect * unit)) / strength
        rest = unit * (effect - value[index] * unit) / strength
        parts[:, index] = np.bincount(who[mask], weights=rest, minlength=accounts)
    return AverageEffects(value, parts.T @ parts)


def shrunken_averages(levels: AverageEffects) -> Floats:
    """Return the posterior means (K,) of the average effects.

    The prior is λ = m + δ with m ~ N(0, τ²) common to all actions and δ ~ N(0, ω²) for each. τ and ω are integrated
    over a grid, weighted by their marginal likelihood (hierarchical Bayes, Gelman et al. 2013, ch. 5).
    """
    spreads = _grid(levels)
    if not np.isfinite(spreads).all() or spreads[0] <= 0:
        return levels.value
    count = len(levels.value)
    fits, means = [], []
    for common in spreads:
        for own in spreads if count > 1 else (0.0,):
            prior = common**2 * np.ones((count, count)) + own**2 * np.eye(count)
            whole = levels.covariance + prior
            solved = np.linalg.solve(whole, levels.value)
            fits.append(-0.5 * (float(np.linalg.slogdet(whole)[1]) + float(levels.value @ solved)))
            means.append(prior @ solved)
    weight = np.exp(np.array(fits) - max(fits))
    return np.asarray(weight @ np.array(means) / weight.sum(), dtype=np.float64)


def _grid(levels: AverageEffects) -> Floats:
    error = levels.error
    most = FARTHEST * max(float(np.abs(levels.value).max()), float(error.max()))
    least = NEAREST * float(error.min())
    return np.geomspace(least, max(most, least), STEPS) if least > 0 else np.zeros(1)
