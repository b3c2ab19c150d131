"""Cluster-robust means of rows that belong to accounts."""

from dataclasses import dataclass

import numpy as np
from scipy.stats import t as student
from typing_extensions import TypedDict

from models.uplift.sample import Codes, Floats

LEVEL = 0.95


@dataclass(frozen=True)
class ClusteredMean:
    """A mean with its standard error and 95 % interval.

    `degrees`: degrees of freedom of the t distribution, small where few accounts carry most of the weight.
    """

    value: float
    error: float
    degrees: float
    rows: int

    def bounds(self, level: float = LEVEL) -> tuple[float, float]:
        reach = float(student.ppf((1 + level) / 2, self.degrees)) * self.error
        return self.value - reach, self.value + reach

    @property
    def low(self) -> float:
        return self.bounds()[0]

    @property
    def high(self) -> float:
        return self.bounds()[1]


class MeanColumns(TypedDict):
    """A mean with its interval and standard error."""

    value: float
    low: float
    high: float
    error: float


def mean_columns(mean: ClusteredMean) -> MeanColumns:
    """Return a mean as results hold it."""
    return MeanColumns(value=mean.value, low=mean.low, high=mean.high, error=mean.error)


def clustered_mean(numbers: Floats, account: Codes) -> ClusteredMean:
    """Return the mean of rows whose accounts are drawn independently.

    The degrees of freedom are the effective number of accounts, (Σu²)² ∕ Σu⁴ of their summed deviations u, so that a
    few huge accounts widen the interval.
    """
    rows = len(numbers)
    if rows == 0:
        return ClusteredMean(float("nan"), float("inf"), 1.0, 0)
    mean = float(numbers.mean())
    # Sparse codes of a large log would make `bincount` allocate far more than the rows.
    if account.max() + 1 > 4 * rows + 1000:
        account = np.unique(account, return_inverse=True)[1]
    owned = np.bincount(account) > 0
    deviation = np.bincount(account, weights=numbers - mean)[owned]
    count, square = len(deviation), float(np.sum(deviation**2))
    if count < 2 or square == 0:
        return ClusteredMean(mean, 0.0 if count > 1 else float("inf"), 1.0, rows)
    # The sandwich estimator of a mean, with the small-sample factor G ∕ (G − 1) of G clusters.
    error = np.sqrt(square * count / (count - 1)) / rows
    degrees = max(square**2 / float(np.sum(deviation**4)) - 1.0, 1.0)
    return ClusteredMean(mean, float(error), degrees, rows)
