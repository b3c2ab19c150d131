"""Means with intervals where rows share accounts and reps."""

from dataclasses import dataclass

import numpy as np
from scipy.stats import t as student

from models.offpolicy.drawn import Codes, Floats

LEVEL = 0.95


@dataclass(frozen=True)
class Estimate:
    """A value, its standard error, its interval; `degrees` of the t distribution. `bias`: by how much the interval is
    wider on both sides, for what the value may be off by beside chance."""

    value: float
    error: float
    degrees: float
    bias: float = 0.0

    @property
    def low(self) -> float:
        return self.value - self._reach

    @property
    def high(self) -> float:
        return self.value + self._reach

    @property
    def _reach(self) -> float:
        return float(student.ppf((1 + LEVEL) / 2, self.degrees)) * self.error + self.bias


def estimate(value: float, influence: Floats, clusters: tuple[Codes, ...]) -> Estimate:
    """The interval of a statistic from its rows' influences, which average to 0.

    Variance: the largest of the ones clustered by each of `clusters`, and by two of them together (Cameron, Gelbach &
    Miller 2011, JBES 29(2)). Degrees of freedom: the effective number of clusters, (Σu²)² ∕ Σu⁴ of their summed
    influences u, less 1, so that a few that weigh much widen the interval.
    """
    rows = len(influence)
    single = [_summed(influence, codes) for codes in clusters]
    variances = [_variance(sums, rows) for sums in single]
    degrees = min(_degrees(sums) for sums in single)
    if len(clusters) == 2:
        _, both = np.unique(np.column_stack(clusters), axis=0, return_inverse=True)
        variances.append(sum(variances) - _variance(_summed(influence, both.reshape(-1)), rows))
    return Estimate(value, float(np.sqrt(max(*variances, 0.0))), degrees)


def _summed(influence: Floats, codes: Codes) -> Floats:
    _, place = np.unique(codes, return_inverse=True)
    return np.bincount(place, weights=influence).astype(np.float64)


def _variance(sums: Floats, rows: int) -> float:
    count = len(sums)
    return float("inf") if count < 2 else float((sums**2).sum()) * count / (count - 1) / rows**2


def _degrees(sums: Floats) -> float:
    square = float((sums**2).sum())
    if square == 0 or len(sums) < 2:
        return 1.0
    return max(square**2 / float((sums**4).sum()) - 1.0, 1.0)
