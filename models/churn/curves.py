"""Curves of a back-test: calibration by bins, share of churn against share of accounts."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from kqml.contract.fields import Count, NumberOrNaN
from models.churn.logistic_line import Floats
from models.churn.metrics import Mask, rank_metrics, weigh
from models.churn.resampling import Resamples, interval

BINS = 10
POINTS = 100


@dataclass(frozen=True)
class CalibrationBin:
    """Rows of like probability: the mean predicted, the share that churned with its interval."""

    rows: Count
    predicted: float
    observed: float
    low: NumberOrNaN
    high: NumberOrNaN


def calibration_bins(probability: Floats, churned: Mask, resamples: Resamples) -> list[CalibrationBin]:
    """Up to ten bins of rising probability, each holding about a tenth of the churn expected, so that the few rows
    at high probability are seen as well as the many at low."""
    order = np.argsort(probability, kind="stable")
    expected = np.cumsum(probability[order])
    if not len(expected) or not expected[-1] > 0:
        return []
    bin_of = np.empty(len(order), dtype=np.int64)
    bin_of[order] = np.minimum((expected / expected[-1] * BINS).astype(np.int64), BINS - 1)
    return [_bin(bin_of == index, probability, churned, resamples) for index in np.unique(bin_of)]


def _bin(mask: Mask, probability: Floats, churned: Mask, resamples: Resamples) -> CalibrationBin:
    randomised = resamples.sums(np.column_stack([mask, mask & churned]).astype(np.float64))
    rates = np.divide(
        randomised[:, 1], randomised[:, 0], out=np.full(len(randomised), np.nan), where=randomised[:, 0] > 0
    )
    bounds = interval(rates)
    return CalibrationBin(
        int(mask.sum()), float(probability[mask].mean()), float(churned[mask].mean()), bounds.low, bounds.high
    )


@dataclass(frozen=True)
class CaughtCurve:
    """`caught[i]`: the share of churned rows among the top `looked_at[i]` of all rows by score."""

    looked_at: tuple[float, ...]
    caught: tuple[float, ...]


def caught_curves(scores: Mapping[str, Floats], churned: Mask, names: Iterable[str]) -> dict[str, CaughtCurve]:
    """Return the curve of each named score; none where nobody churned."""
    if not churned.any():
        return {}
    return {name: _caught(scores[name], churned) for name in names}


def _caught(score: Floats, churned: Mask) -> CaughtCurve:
    levels = weigh(rank_metrics(score, churned), np.ones(len(score)))
    share_of_rows = np.concatenate([[0.0], np.cumsum(levels.churned + levels.stayed)]) / len(score)
    result = np.concatenate([[0.0], np.cumsum(levels.churned)]) / churned.sum()
    looked_at = np.linspace(0.0, 1.0, POINTS + 1)
    return CaughtCurve(tuple(looked_at.tolist()), tuple(np.interp(looked_at, share_of_rows, result).tolist()))
