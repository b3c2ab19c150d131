"""Four estimators of a target policy's value, as one number per row whose mean is the value.

IPS: w·y (Horvitz & Thompson 1952). SNIPS: Σwy ∕ Σw (Swaminathan & Joachims 2015). Doubly robust: Σₐπq + w·(y − q)
(Dudík, Langford & Li 2011). Switch-DR: doubly robust where w ≤ τ, the regression alone elsewhere (Wang, Agarwal & Dudík
2017), τ by the least of variance plus squared bias bound; its interval is wider by that bound.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from models.evaluation.off_policy.clustering import Clusters, PolicyEstimate, estimate
from models.evaluation.off_policy.randomised_rows import Floats, WeightedRows

NAMES = ("ips", "snips", "doubly_robust", "switch_dr")
POOLED = "pooled"
THRESHOLDS = (2.0, 4.0, 8.0, 16.0, 32.0, 64.0, np.inf)
LARGE = 0.9
"""Quantile of the regression's absolute residuals that counts as a large one."""


def row_values(name: str, weighed: WeightedRows, outcome: Floats) -> Floats:
    """Return n numbers whose mean is the estimate and whose deviations from it are the rows' influences."""
    weight, rest = weighed.weight, outcome - weighed.fitted
    if name == "ips":
        return np.asarray(weight * outcome, dtype=np.float64)
    if name == "snips":
        mean = weight.mean()
        if mean == 0:
            return np.full(len(weight), np.nan)
        # Self-normalised: the influence is that of a ratio of two means, by the delta method.
        value = float((weight * outcome).mean() / mean)
        return np.asarray(value + weight * (outcome - value) / mean, dtype=np.float64)
    if name == "doubly_robust":
        return np.asarray(weighed.expected + weight * rest, dtype=np.float64)
    return weighed.expected + np.where(weight <= switch_of(weighed, outcome).limit, weight * rest, 0.0)


@dataclass(frozen=True)
class Switch:
    """`limit`: the τ of switch-DR. `bias`: a bound of the bias from leaving out corrections with weights above it."""

    limit: float
    bias: float


def switch_of(weighed: WeightedRows, outcome: Floats) -> Switch:
    """Return the τ of THRESHOLDS with the least variance plus squared bias bound.

    The bound: the target's probability beyond τ, by the mean weight there, times a large residual of the regression.
    """
    if not len(outcome):
        return Switch(float("inf"), 0.0)
    rest = outcome - weighed.fitted
    large = float(np.quantile(np.abs(rest), LARGE))
    results = []
    # From the largest on, so that of equal errors the estimate with the least bias wins.
    for limit in reversed(THRESHOLDS):
        inside = weighed.weight <= limit
        retained = weighed.expected + np.where(inside, weighed.weight * rest, 0.0)
        bias = float(np.where(inside, 0.0, weighed.weight).mean()) * large
        results.append((float(retained.var()) / len(outcome) + bias**2, limit, bias))
    _, limit, bias = min(results, key=lambda candidate: candidate[0])
    return Switch(limit, bias)


def values(weighed: WeightedRows, outcome: Floats, clusters: Clusters) -> Mapping[str, PolicyEstimate]:
    """Return each estimator's value with its interval."""
    result = {name: _mean(row_values(name, weighed, outcome), clusters) for name in NAMES}
    return _widened(result, switch_of(weighed, outcome).bias)


def differences(
    target: WeightedRows, against: WeightedRows, outcome: Floats, clusters: Clusters
) -> Mapping[str, PolicyEstimate]:
    """Return the difference of two targets by each estimator, row by row, so that shared noise cancels."""
    rows = {name: row_values(name, target, outcome) - row_values(name, against, outcome) for name in NAMES}
    result = {name: _mean(row_differences, clusters, symmetric=True) for name, row_differences in rows.items()}
    # Both biases add up at worst: they need not have the same sign.
    return _widened(result, switch_of(target, outcome).bias + switch_of(against, outcome).bias)


def _widened(result: Mapping[str, PolicyEstimate], bias: float) -> Mapping[str, PolicyEstimate]:
    return {**result, "switch_dr": replace(result["switch_dr"], bias=bias)}


def _mean(rows: Floats, clusters: Clusters, symmetric: bool = False) -> PolicyEstimate:
    value = float(rows.mean())
    return estimate(value, rows - value, clusters, symmetric)
