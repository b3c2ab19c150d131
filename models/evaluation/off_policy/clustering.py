"""Means with intervals where rows share accounts and reps."""

from dataclasses import dataclass

import numpy as np
from scipy.stats import t as student

from models.evaluation.off_policy.randomised_rows import Codes, Floats

LEVEL = 0.95


@dataclass(frozen=True)
class PolicyEstimate:
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


@dataclass(frozen=True)
class Clusters:
    """Rows that belong together, in one way or in two: places from 0 on per row; `both`: in both ways at once."""

    places: tuple[Codes, ...]
    both: Codes | None

    def __len__(self) -> int:
        return len(self.places)


def clusters_of(*codes: Codes) -> Clusters:
    """Codes of one or two ways. One into a single cluster (a single rep) cannot tell chance; it is left out beside
    another one."""
    indices = [np.unique(each, return_inverse=True)[1] for each in codes]
    retained = tuple(place for place in indices if len(place) and place.any()) or (indices[0],)
    if len(retained) < 2:
        return Clusters(retained, None)
    return Clusters(
        retained, np.unique(retained[0] * (int(retained[1].max()) + 1) + retained[1], return_inverse=True)[1]
    )


def estimate(value: float, influence: Floats, clusters: Clusters, symmetric: bool = False) -> PolicyEstimate:
    """The interval of a statistic from its rows' influences, which average to 0.

    Variance: the largest of the ones clustered in each way, and in both (Cameron, Gelbach & Miller 2011, JBES 29(2)).
    Degrees of freedom come from the effective number of clusters k = (Σu²)² ∕ Σu⁴ of summed influences u, so that a few
    that weigh much widen the interval: 3k − 2 where influences are about `symmetric`, as those of differences are
    (Satterthwaite's, since E u⁴ = 3σ⁴ of normal ones); k − 1 where they are skewed.
    """
    rows = len(influence)
    single = [_summed(influence, place) for place in clusters.places]
    variances = [_variance(sums, rows) for sums in single]
    effective = min(_effective(sums) for sums in single)
    degrees = max(3 * effective - 2 if symmetric else effective - 1, 1.0)
    if clusters.both is not None:
        variances.append(sum(variances) - _variance(_summed(influence, clusters.both), rows))
    return PolicyEstimate(value, float(np.sqrt(max(*variances, 0.0))), degrees)


def _summed(influence: Floats, place: Codes) -> Floats:
    return np.bincount(place, weights=influence).astype(np.float64)


def _variance(sums: Floats, rows: int) -> float:
    count = len(sums)
    return float("inf") if count < 2 else float((sums**2).sum()) * count / (count - 1) / rows**2


def _effective(sums: Floats) -> float:
    square = float((sums**2).sum())
    return 1.0 if square == 0 else square**2 / float((sums**4).sum())
