"""The marginals of an order log that a world has to share with real stores."""

from dataclasses import dataclass

import numpy as np

from experiments.world.draws import Floats, Indices

GAPS = 120
"""Gaps between orders are counted by day up to here; the last cell holds all longer ones."""

FEWEST = 20
"""Orders that an account needs for marginals of accounts."""

GONE = 365
"""Days after which who has not ordered has left, whatever the rhythm; slow accounts pass 90 days often."""

WINDOWS = (30, 60, 90, GONE)
YEAR = 365
TOP_SHARES = (0.01, 0.1, 0.2, 0.5)
CUTOFF_FROM, CUTOFF_EVERY = 400, 30
ELIGIBLE_ORDERS, ELIGIBLE_DAYS = 4, 90
HALF_YEAR, HALF_YEARS, FAR_APART = 182, 10, 4


@dataclass(frozen=True)
class OrderLog:
    """Order days: account, day (both integers, sorted by account, then day), amount; the first and last day + 1."""

    account: Indices
    day: Indices
    amount: Floats
    days: int


@dataclass(frozen=True)
class Marginals:
    """`gaps`: share of the gaps by day. `gap_mean`, `gap_cv`, `size`, `spread`: one number per account with at least
    FEWEST orders (mean gap in weeks, its coefficient of variation, median amount, standard deviation of log amount).
    `churn`: window → share of eligible account × cutoffs without an order in it. `season`: by month, mean 1.
    `top`: share of the last year's sales by the top accounts that ordered in it. `persistence`: of the differences
    between accounts in their orders of a half-year (logs), what is left two years on, against half a year on."""

    gaps: Floats
    gap_mean: Floats
    gap_cv: Floats
    size: Floats
    spread: Floats
    churn: dict[int, float]
    season: Floats
    top: dict[float, float]
    persistence: float


def marginals_of(log: OrderLog, month_of_day: Indices) -> Marginals:
    """`month_of_day`: 0 to 11 for each day of the log's time."""
    same = log.account[1:] == log.account[:-1]
    gaps = np.diff(log.day)[same]
    number = log.account.max() + 1
    orders = np.bincount(log.account, minlength=number)
    retained = orders >= FEWEST
    owner = log.account[1:][same]
    mean = _mean(owner, gaps.astype(np.float64), number)
    square = _mean(owner, gaps.astype(np.float64) ** 2, number)
    middle = np.log(log.amount)
    log_mean = _mean(log.account, middle, number)
    log_square = _mean(log.account, middle**2, number)
    late = log.day >= log.days - YEAR
    sales = np.bincount(log.account[late], weights=log.amount[late], minlength=number).astype(np.float64)
    return Marginals(
        gaps=np.bincount(np.minimum(gaps, GAPS), minlength=GAPS + 1) / max(len(gaps), 1),
        gap_mean=mean[retained] / 7.0,
        gap_cv=np.sqrt(np.maximum(square - mean**2, 0.0))[retained] / mean[retained],
        size=_medians(log, number)[retained],
        spread=np.sqrt(np.maximum(log_square - log_mean**2, 0.0))[retained],
        churn={window: _churn(log, window) for window in WINDOWS},
        season=_season(log, month_of_day),
        top=_top(sales[sales > 0]),
        persistence=_persistence(log),
    )


def _mean(owner: Indices, values: Floats, number: int) -> Floats:
    counts = np.maximum(np.bincount(owner, minlength=number), 1)
    return np.asarray(np.bincount(owner, weights=values, minlength=number) / counts, dtype=np.float64)


def _medians(log: OrderLog, number: int) -> Floats:
    order = np.lexsort((log.amount, log.account))
    starts = np.searchsorted(log.account, np.arange(number))
    counts = np.bincount(log.account, minlength=number)
    indices = np.minimum(starts + counts // 2, len(order) - 1)
    return np.where(counts > 0, log.amount[order][indices], np.nan)


def _churn(log: OrderLog, window: int) -> float:
    """Gap 0, the data README's eligibility."""
    key = log.account * 1_000_000 + log.day
    accounts = np.unique(log.account)
    lost = request = 0
    for cutoff in range(CUTOFF_FROM, log.days - max(WINDOWS), CUTOFF_EVERY):
        low, at = np.searchsorted(key, accounts * 1_000_000), np.searchsorted(key, accounts * 1_000_000 + cutoff)
        end = np.searchsorted(key, accounts * 1_000_000 + cutoff + window)
        last = log.day[np.maximum(at - 1, 0)]
        eligible = (at - low >= ELIGIBLE_ORDERS) & (last >= cutoff - ELIGIBLE_DAYS)
        request += int(eligible.sum())
        lost += int((eligible & (end == at)).sum())
    return lost / max(request, 1)


def _season(log: OrderLog, month_of_day: Indices) -> Floats:
    """Sales per day of each month over whole years, mean 1."""
    years = log.days // 365 * 365
    inside = log.day < years
    sales = np.bincount(month_of_day[log.day[inside]], weights=log.amount[inside], minlength=12)
    days = np.bincount(month_of_day[:years], minlength=12)
    rate = sales / np.maximum(days, 1)
    return np.asarray(rate / rate.mean(), dtype=np.float64)


def _persistence(log: OrderLog) -> float:
    """Over the log's last half-years, of accounts that ordered before and to the end of them, FEWEST times at least;
    1 where the log is shorter or the accounts do not differ."""
    start = log.days - HALF_YEARS * HALF_YEAR
    half, number = (log.day - start) // HALF_YEAR, log.account.max() + 1
    inside = half >= 0
    counts = np.zeros((number, HALF_YEARS))
    np.add.at(counts, (log.account[inside], half[inside]), 1.0)
    known = np.isin(np.arange(number), log.account[log.day < start + ELIGIBLE_DAYS])
    staying = np.isin(np.arange(number), log.account[log.day >= log.days - ELIGIBLE_DAYS])
    levels = np.log(counts[known & staying & (counts.sum(axis=1) >= FEWEST)] + 0.5)
    near = _together(levels, 1) if start >= 0 else 0.0
    return _together(levels, FAR_APART) / near if near > 0 else 1.0


def _together(levels: Floats, apart: int) -> float:
    """Mean covariance of two half-years so far apart."""
    centred = levels - levels.mean(axis=0)
    return float((centred[:, apart:] * centred[:, :-apart]).mean())


def _top(sales: Floats) -> dict[float, float]:
    falling = np.cumsum(np.sort(sales)[::-1]) / sales.sum()
    return {share: float(falling[max(int(len(sales) * share), 1) - 1]) for share in TOP_SHARES}


def distances(ours: Marginals, real: Marginals) -> dict[str, float]:
    """How far two logs are apart: Kolmogorov–Smirnov distances of distributions, largest differences of the rest."""
    return {
        "gap_ks": float(np.abs(np.cumsum(ours.gaps) - np.cumsum(real.gaps)).max()),
        "mean_gap_ks": _ks(ours.gap_mean, real.gap_mean),
        "size_ks": _ks(ours.size, real.size),
        "size_spread_ks": _ks(ours.spread, real.spread),
        **{f"churn_{window}_ratio": ours.churn[window] / real.churn[window] for window in WINDOWS},
        "persistence_difference": ours.persistence - real.persistence,
        "season_largest": float(np.abs(ours.season - real.season).max()),
        "top_10_difference": ours.top[0.1] - real.top[0.1],
        "top_20_difference": ours.top[0.2] - real.top[0.2],
    }


def _ks(ours: Floats, real: Floats) -> float:
    grid = np.sort(np.concatenate([ours, real]))
    left = np.searchsorted(np.sort(ours), grid, side="right") / len(ours)
    right = np.searchsorted(np.sort(real), grid, side="right") / len(real)
    return float(np.abs(left - right).max())
