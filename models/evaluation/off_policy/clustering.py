"""Cluster-robust intervals of statistics whose rows share accounts and reps."""

from dataclasses import dataclass

import numpy as np
from scipy.stats import t as student

from models.evaluation.off_policy.randomised_rows import Codes, Floats

LEVEL = 0.95


@dataclass(frozen=True)
class PolicyEstimate:
    """A value with its standard error and interval; `degrees` of freedom of the t distribution. `bias`: a bound of the
    bias, by which the interval is wider on both sides."""

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
    def p_value(self) -> float:
        """Two-sided, of the value being 0."""
        return float(2 * student.sf(abs(self.value) / self.error, self.degrees)) if self.error > 0 else 1.0

    @property
    def _reach(self) -> float:
        return float(student.ppf((1 + LEVEL) / 2, self.degrees)) * self.error + self.bias


@dataclass(frozen=True)
class Clusters:
    """One-way or two-way clusters: `codes` from 0 on per row and way; `both`: codes of the intersections."""

    codes: tuple[Codes, ...]
    both: Codes | None

    def __len__(self) -> int:
        return len(self.codes)


def clusters_of(*codes: Codes) -> Clusters:
    """Return the clusters of one or two ways; a way with a single cluster (one rep) is left out beside another one."""
    recoded = [np.unique(way, return_inverse=True)[1] for way in codes]
    # The variance between clusters cannot be estimated from a single one.
    retained = tuple(way for way in recoded if len(way) and way.any()) or (recoded[0],)
    if len(retained) < 2:
        return Clusters(retained, None)
    return Clusters(
        retained, np.unique(retained[0] * (int(retained[1].max()) + 1) + retained[1], return_inverse=True)[1]
    )


def estimate(value: float, influence: Floats, clusters: Clusters, symmetric: bool = False) -> PolicyEstimate:
    """Return the estimate of a statistic with its error, from the rows' influences (n), which average to 0.

    Variance: the largest of the ones clustered in each way, and in both (Cameron, Gelbach & Miller 2011, JBES 29(2)).
    Degrees of freedom come from the effective number of clusters k = (Σu²)² ∕ Σu⁴ of summed influences u, so that a few
    that weigh much widen the interval: 3k − 2 where influences are about `symmetric`, as those of differences are
    (Satterthwaite's, since E u⁴ = 3σ⁴ of normal ones); k − 1 where they are skewed.
    """
    rows = len(influence)
    single = [_summed(influence, code) for code in clusters.codes]
    variances = [_variance(sums, rows) for sums in single]
    effective = min(_effective(sums) for sums in single)
    degrees = max(3 * effective - 2 if symmetric else effective - 1, 1.0)
    if clusters.both is not None:
        # Inclusion–exclusion: pairs of rows in the same account and the same rep were counted twice.
        variances.append(sum(variances) - _variance(_summed(influence, clusters.both), rows))
    return PolicyEstimate(value, float(np.sqrt(max(*variances, 0.0))), degrees)


def _summed(influence: Floats, code: Codes) -> Floats:
    return np.bincount(code, weights=influence).astype(np.float64)


def _variance(sums: Floats, rows: int) -> float:
    count = len(sums)
    return float("inf") if count < 2 else float((sums**2).sum()) * count / (count - 1) / rows**2


def _effective(sums: Floats) -> float:
    square = float((sums**2).sum())
    return 1.0 if square == 0 else square**2 / float((sums**4).sum())
