"""Pooled difference of two policies: a share of the money in dispute, partially pooled over accounts of similar size.

A few giant accounts carry nearly all the variance of a sum of money, though a small part of the money. So rows are put
into bands of size that hold equal money in dispute. In each band the difference is estimated as a share ρ of that money
(doubly robust, rows weighted by their inverse squared noise, residuals winsorised). Shares of neighbouring bands follow
a random walk (Rue & Held 2005, §3.3) from small to large accounts, whose scale ω is unknown and averaged over, with a
half-normal prior (Gelman 2006, Bayesian Analysis 1) of twice the overall effect. The giants' share is then mostly that
of the next smaller accounts, and the interval covers how far it may differ.
"""

from dataclasses import dataclass, replace

import numpy as np

from models.evaluation.off_policy.clustering import Clusters, PolicyEstimate, estimate
from models.evaluation.off_policy.randomised_rows import Codes, Floats

BANDS = 12
ROWS_OF_A_BAND = 100
LEAST_BANDS = 4
WINSORISED_AT = 0.95
"""Quantile of |residual| ∕ spread at which residuals are winsorised."""

USUAL = 2.0
"""The prior's scale of the reach, the standard deviation between the smallest and the largest accounts, in units of the
overall effect."""

REACHES = np.linspace(0.0, 1.0, 40) ** 2 * 5.0 * USUAL + 1e-3
"""Reaches that are averaged over, in the same units."""


@dataclass(frozen=True)
class DisputedRows:
    """Rows of two policies' difference. `expected`: of the regression alone; `weight`: of the one less the other;
    `rest`: outcome less the regression; `size`: the usual outcome, above 0; `spread`: the usual |rest|; `share`: how
    much the policies disagree, from 0 to 1. Sums to the difference: expected + weight · rest."""

    expected: Floats
    weight: Floats
    rest: Floats
    outcome: Floats
    size: Floats
    spread: Floats
    share: Floats

    def __len__(self) -> int:
        return len(self.rest)


@dataclass(frozen=True)
class PooledDifference:
    """The mean difference per row, with the rows' `influence` on it, which averages to 0."""

    estimate: PolicyEstimate
    influence: Floats


def pooled_difference(rows: DisputedRows, clusters: Clusters) -> PooledDifference | None:
    """None where too few rows are in dispute to be put into bands."""
    number = min(BANDS, int((rows.weight != 0).sum()) // ROWS_OF_A_BAND)
    if number < LEAST_BANDS:
        return None
    band = _bands(rows, number)
    number = int(band.max()) + 1
    if number < LEAST_BANDS:
        return None
    measured = _measured(rows, band, number)
    value, spread, coefficient = _pooled(measured)
    influence = coefficient[band] * measured.influence
    plain = float((influence**2).sum())
    result = estimate(value, influence * len(rows), clusters, symmetric=True)
    # What clustering adds to the error of independent rows is added to the posterior spread as well.
    excess = max(result.error**2 - plain, 0.0)
    return PooledDifference(replace(result, error=float(np.sqrt(spread + excess))), influence * len(rows))


def _bands(rows: DisputedRows, number: int) -> Codes:
    """Return each row's band of size, small accounts first, with about equal money in dispute in each.

    There are fewer bands where one giant would fill several.
    """
    money = rows.size * rows.share
    order = np.argsort(rows.size, kind="stable")
    total = np.cumsum(money[order])
    band = np.empty(len(rows), dtype=np.int64)
    band[order] = np.minimum((total / total[-1] * number).astype(np.int64), number - 1)
    # Numbered anew without gaps: a band that a giant skipped has no rows.
    filled = np.unique(band[money > 0])
    return np.minimum(np.searchsorted(filled, band), len(filled) - 1)


@dataclass(frozen=True)
class _Measured:
    """Per band: `share` ρ, its `variance`, `money` in dispute per row of the log. Per row: its `influence` on ρ."""

    share: Floats
    variance: Floats
    money: Floats
    influence: Floats


def _measured(rows: DisputedRows, band: Codes, number: int) -> _Measured:
    rest, retained = _winsorised(rows, band, number)
    precision = (rows.size / rows.spread) ** 2
    precision = precision / precision.mean()
    money = rows.size * rows.share * precision
    result = precision * (rows.expected + rows.weight * rest / retained)
    total = np.bincount(band, money, number)
    share = np.bincount(band, result, number) / total
    influence = (result - share[band] * money) / total[band]
    own = np.bincount(band, influence**2, number)
    usual = np.bincount(band, money**2, number) / total**2
    # A band whose rows happen to agree looks too certain: at least the variance usual for its size.
    variance = np.maximum(own, usual * float(np.median(own / usual)))
    return _Measured(share, variance, np.bincount(band, rows.size * rows.share, number) / len(rows), influence)


def _winsorised(rows: DisputedRows, band: Codes, number: int) -> tuple[Floats, Floats]:
    """Return residuals winsorised at WINSORISED_AT, and the share of outcomes within the bound in each row's band.

    Winsorising shrinks an effect proportional to the outcome to about that share; dividing by it corrects this.
    """
    bound = rows.spread * float(np.quantile(np.abs(rows.rest) / rows.spread, WINSORISED_AT))
    inside = np.abs(rows.rest) <= bound
    whole = np.bincount(band, rows.outcome, number)
    retained = np.divide(np.bincount(band, rows.outcome * inside, number), whole, out=np.ones(number), where=whole > 0)
    return np.clip(rows.rest, -bound, bound), np.maximum(retained, 0.5)[band]


def _pooled(measured: _Measured) -> tuple[float, float, Floats]:
    """Return the difference, its variance and each band's coefficient, averaged over the scale of the random walk."""
    precision = 1.0 / measured.variance
    mean = float(np.average(measured.share, weights=precision))
    effect = float(np.sqrt(mean**2 + 1.0 / precision.sum()))
    fits = [_fit(measured, float(reach) * effect) for reach in REACHES]
    result = np.array([fit[0] for fit in fits]) - 0.5 * (REACHES / USUAL) ** 2
    probability = np.exp(result - result.max()) * np.gradient(REACHES)
    probability = probability / probability.sum()
    coefficients = np.array([fit[2] for fit in fits])
    values = coefficients @ measured.share
    value = float(probability @ values)
    spread = float(probability @ np.array([fit[1] for fit in fits]) + probability @ (values - value) ** 2)
    return value, spread, probability @ coefficients


def _fit(measured: _Measured, reach: float) -> tuple[float, float, Floats]:
    """Fit one scale of the walk: log likelihood; variance and coefficients of the prediction of Σ money · ρ.

    The likelihood is that of contrasts (REML), since the mean share is unknown; the prediction is best linear unbiased.
    """
    number, money = len(measured.share), measured.money
    position = np.arange(number) / (number - 1)
    # Minus the semivariogram: a random walk has no covariance, but contrasts of it do (intrinsic kriging).
    walk = -0.5 * reach**2 * np.abs(position[:, None] - position)
    noise = np.diag(measured.variance)
    contrasts = np.linalg.qr(np.column_stack([np.ones(number), np.eye(number)[:, 1:]]))[0][:, 1:]
    covariance, contrasted = contrasts.T @ (noise + walk) @ contrasts, contrasts.T @ measured.share
    likelihood = -0.5 * (np.linalg.slogdet(covariance)[1] + contrasted @ np.linalg.solve(covariance, contrasted))
    system = np.ones((number + 1, number + 1))
    system[:number, :number], system[number, number] = noise + walk, 0.0
    coefficient = np.linalg.solve(system, np.append(walk @ money, money.sum()))[:number]
    off = coefficient - money
    return float(likelihood), float(coefficient @ noise @ coefficient + off @ walk @ off), coefficient
