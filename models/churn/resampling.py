"""Bootstrap intervals of metrics: accounts resampled with replacement, the same draws for every model."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit

from models.churn.logistic_line import Floats, LogisticLine, fit_line
from models.churn.metrics import LevelMetrics, Mask, auc, average_precision, lift, rank_metrics, weigh

DRAWS = 1_000
LEAST_PROBABILITY = 1e-9

RANKED: Mapping[str, Callable[[LevelMetrics], float]] = {
    "auc": auc,
    "average_precision": average_precision,
    "lift_at_10": lift,
}
"""Metrics of the order alone."""


@dataclass(frozen=True)
class Interval:
    """The middle 95 % of the draws; NaN where no draw has a value."""

    low: float
    high: float


@dataclass(frozen=True)
class Resamples:
    """B draws of C accounts with replacement: account c counts `counts[b, c]` times in draw b.

    `cluster` (R): each row's index among the accounts.
    """

    cluster: NDArray[np.int64]
    counts: NDArray[np.uint8]

    def where(self, mask: Mask) -> "Resamples":
        """Return the same draws for the rows of `mask` alone."""
        retained, cluster = np.unique(self.cluster[mask], return_inverse=True)
        return Resamples(cluster, self.counts[:, retained])

    def weights(self) -> Iterator[Floats]:
        """Yield the rows' weights, draw by draw."""
        for counts in self.counts:
            yield counts.astype(np.float64)[self.cluster]

    def sums(self, columns: Floats) -> Floats:
        """Return the weighted column sums (B, K) of row-wise `columns` (R, K), one row per draw."""
        per_account = np.zeros((self.counts.shape[1], columns.shape[1]))
        np.add.at(per_account, self.cluster, columns)
        # Not BLAS: its threads spin against LightGBM's and the engine's on a busy machine.
        return np.asarray(np.einsum("bc,ck->bk", self.counts, per_account, optimize=False), dtype=np.float64)


def draw_resamples(accounts: NDArray[np.generic], draws: int = DRAWS, seed: int = 0) -> Resamples:
    """Draw whole accounts, with all their rows, with replacement; `accounts` (R): the account of each row."""
    names, cluster = np.unique(accounts, return_inverse=True)
    random = np.random.default_rng(seed)
    counts = np.empty((draws, len(names)), dtype=np.uint8)
    for draw in range(draws):
        # Accounts, not rows: an account's rows at successive cutoffs are nearly copies (cluster bootstrap).
        drawn = random.integers(0, max(len(names), 1), size=len(names))
        # uint8 is an eighth of the memory; a count above 255 has no probability worth naming.
        counts[draw] = np.minimum(np.bincount(drawn, minlength=len(names)), 255)
    return Resamples(cluster, counts)


@dataclass(frozen=True)
class MeasuredMetric:
    """A score's metrics by name, with their values on every draw."""

    values: Mapping[str, float]
    draws: Mapping[str, Floats]

    def interval(self, name: str) -> Interval:
        return interval(self.draws[name])


def measure(scores: Floats, churned: Mask, resamples: Resamples, probabilities: bool) -> MeasuredMetric:
    """Return all metrics of `scores` (R); those of level and sharpness only where they are `probabilities`.

    Metrics without meaning on these rows (no churned row, no other row) are NaN, and so are draws without one.
    """
    ranking = rank_metrics(scores, churned)
    whole = weigh(ranking, np.ones(len(scores)))
    values = {name: metric(whole) for name, metric in RANKED.items()}
    resampled = np.array(
        # Scores are sorted once; a draw only changes the weights of the sorted rows.
        [[metric(levels) for metric in RANKED.values()] for levels in (weigh(ranking, w) for w in resamples.weights())]
    ).reshape(-1, len(RANKED))
    draws = {name: np.ascontiguousarray(resampled[:, column]) for column, name in enumerate(RANKED)}
    if not probabilities:
        return MeasuredMetric(values, draws)
    more, more_draws = _calibrated(scores, churned, resamples)
    return MeasuredMetric({**values, **more}, {**draws, **more_draws})


def paired(first: MeasuredMetric, second: MeasuredMetric, name: str) -> Interval:
    """Return the interval of the difference `first` − `second` over the same draws."""
    return interval(first.draws[name] - second.draws[name])


def interval(draws: Floats) -> Interval:
    """Return the middle 95 % of the draws that have a value."""
    known = draws[~np.isnan(draws)]
    if not len(known):
        return Interval(float("nan"), float("nan"))
    low, high = np.quantile(known, [0.025, 0.975])
    return Interval(float(low), float(high))


def _calibrated(p: Floats, churned: Mask, resamples: Resamples) -> tuple[dict[str, float], dict[str, Floats]]:
    y = churned.astype(np.float64)
    line, terms = _slope_terms(p, y)
    # Metrics of level are functions of sums, so that all draws cost one matrix product.
    columns = np.column_stack([np.ones(len(p)), (p - y) ** 2, p, y, terms])
    whole, sums = columns.sum(axis=0)[None], resamples.sums(columns)
    values = {name: float(value[0]) for name, value in _of_sums(whole, line).items()}
    return values, _of_sums(sums, line)


def _of_sums(sums: Floats, line: LogisticLine) -> dict[str, Floats]:
    """Return the metrics of weighted sums (1, (p - y)², p, y, score and information of the slope's line)."""
    rows, brier, expected, observed = sums[:, :4].T
    with np.errstate(divide="ignore", invalid="ignore"):
        return {
            "brier": brier / rows,
            "expected_over_observed": np.where(observed > 0, expected / observed, np.nan),
            "slope": np.where((observed > 0) & (observed < rows), line.slope + _step(sums[:, 4:]), np.nan),
        }


def _slope_terms(p: Floats, y: Floats) -> tuple[LogisticLine, Floats]:
    """Return the line of churn on the log-odds of p, with each row's score and information there."""
    log_odds = np.asarray(logit(np.clip(p, LEAST_PROBABILITY, 1 - LEAST_PROBABILITY)))
    if not 0 < y.sum() < len(y):
        return LogisticLine(0.0, float("nan")), np.zeros((len(y), 5))
    line = fit_line(log_odds, y)
    fitted = expit(line.log_odds(log_odds))
    residual, information = y - fitted, fitted * (1 - fitted)
    return line, np.column_stack(
        [residual, residual * log_odds, information, information * log_odds, information * log_odds**2]
    )


def _step(sums: Floats) -> Floats:
    """Return one Newton step of the slope from the optimum on all rows (one-step bootstrap; Shao & Tu 1995, §4.3)."""
    u0, u1, i00, i01, i11 = sums.T
    # The slope's component of the inverse 2 × 2 information times the score.
    return np.asarray((i00 * u1 - i01 * u0) / (i00 * i11 - i01**2))
