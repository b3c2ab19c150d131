"""The table of metrics: every model on the same rows, by group, by slice, paired against the reference."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from kqml.calendar.business_time import Instants, local_days
from models.churn.metrics import Mask
from models.churn.resampling import Interval, MeasuredMetric, Resamples, measure, paired
from models.churn.scored_rows import OURS, PROBABILITIES, REFERENCE, ScoredRows

MetricRow = dict[str, Any]
"""A model's metrics on some rows, by their names in results."""

SHORT = {"auc": "auc", "average_precision": "ap", "lift_at_10": "lift", "expected_over_observed": "eo"}
PAIRED = ("auc", "average_precision")
FEWEST_IN_SLICE = 5
"""Churned rows below which a slice's metrics say nothing."""


def group_masks(scored: ScoredRows) -> dict[str, Mask]:
    """All rows, those already silent for longer than one own cycle, those still ordering."""
    silent = scored.labels.already_silent
    return {"all": np.ones(len(silent), dtype=np.bool_), "silent": silent, "ordering": ~silent}


def compare_groups(scored: ScoredRows, resamples: Resamples) -> list[MetricRow]:
    """Return every model on all rows, then on the two groups."""
    return [
        row
        for group, mask in group_masks(scored).items()
        for row in compare(scored.where(mask), resamples.where(mask), {"group": group})
    ]


def compare(scored: ScoredRows, resamples: Resamples, named: Mapping[str, Any]) -> list[MetricRow]:
    """Return a row per model on the same rows. `d_*`: the model less the reference; `lead_*`: ours less the model."""
    measured = dict(measure_all(scored, resamples, scored.scores))
    return [
        {
            **named,
            "model": name,
            **_sizes(scored),
            **metric_columns(metric),
            **_differences("d", metric, measured.get(REFERENCE)),
            **_differences("lead", measured[OURS], metric if name != OURS else None),
        }
        for name, metric in measured.items()
    ]


def measure_all(
    scored: ScoredRows, resamples: Resamples, names: Iterable[str], probabilities: bool = True
) -> Iterator[tuple[str, MeasuredMetric]]:
    """Yield the named models measured on the same draws; not `probabilities`: their order alone."""
    for name in names:
        calibrated = probabilities and name in PROBABILITIES
        yield name, measure(scored.scores[name], scored.labels.churned, resamples, calibrated)


def slice_rows(scored: ScoredRows, resamples: Resamples, time_zone: str) -> list[MetricRow]:
    """Our metrics per quarter of the cutoff, tier, segment, region; slices with too few churned rows left out."""
    results = []
    for slice_name, words in slice_words(scored, time_zone).items():
        for word in sorted(set(words[words != ""])):
            mask = np.asarray(words == word)
            if scored.labels.churned[mask].sum() < FEWEST_IN_SLICE:
                continue
            slice_scored, draws = scored.where(mask), resamples.where(mask)
            ours = dict(measure_all(slice_scored, draws, [OURS]))[OURS]
            results.append({"slice": slice_name, "value": word, **_sizes(slice_scored), **metric_columns(ours)})
    return results


def slice_words(scored: ScoredRows, time_zone: str) -> dict[str, NDArray[np.object_]]:
    """Return per slicing the word of each row, "" where unknown."""
    profile = {str(name): scored.profile[name].fillna("").astype(str).to_numpy(dtype=object) for name in scored.profile}
    return {"quarter": quarters(scored.labels.rows.cutoff, time_zone), **profile}


def quarters(cutoffs: Instants, time_zone: str) -> NDArray[np.object_]:
    """Return the local quarter of each cutoff, as 2020Q3."""
    days = pd.to_datetime(local_days(cutoffs, time_zone), unit="D")
    return np.asarray(days.to_period("Q").astype(str), dtype=object)


def metric_columns(metric: MeasuredMetric) -> MetricRow:
    """Values with the bounds of their intervals, under the names of the table."""
    columns: MetricRow = {}
    for name, value in metric.values.items():
        bounds, short = metric.interval(name), SHORT.get(name, name)
        columns |= {name: value, f"{short}_low": bounds.low, f"{short}_high": bounds.high}
    return columns


def _differences(prefix: str, metric: MeasuredMetric, baseline: MeasuredMetric | None) -> MetricRow:
    if baseline is None or metric is baseline:
        return {}
    columns: MetricRow = {}
    for name in PAIRED:
        bounds: Interval = paired(metric, baseline, name)
        stem = f"{prefix}_{SHORT[name]}"
        columns |= {
            stem: metric.values[name] - baseline.values[name],
            f"{stem}_low": bounds.low,
            f"{stem}_high": bounds.high,
        }
    return columns


def _sizes(scored: ScoredRows) -> MetricRow:
    churned = scored.labels.churned
    return {
        "rows": len(churned),
        "churned": int(churned.sum()),
        "accounts": len(np.unique(scored.labels.rows.account)),
        "churned_accounts": scored.churned_accounts(),
    }
