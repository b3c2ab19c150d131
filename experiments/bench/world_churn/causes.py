"""The cause that the product names first, compared with the true driver of each departure."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from experiments.bench.world_churn.hidden_facts import Mask
from experiments.bench.world_churn.model_accuracy import Effort, split
from experiments.world.drivers import DRIVERS
from features.catalog import catalog
from features.training_set import TrainingSet
from models.churn.boosting import Parameters, train_booster
from models.churn.reasons.reasons import create_explainer
from models.churn.resampling import draw_resamples, interval

NOTHING = "none"
"""Said: no cause is known. True: no driver acts."""

ACTS, QUIET = 0.5, 0.1
"""Log-odds that the strongest driver adds where it is the true one (65 % more leave), below which none acts."""

REASONS = 3
BATCH = 4_000

Words = NDArray[np.str_]


def true_drivers(pictures: pd.DataFrame) -> Words:
    """Return per row the driver that adds most to the log hazard.

    "none" where none adds anything, "" in between and without a snapshot of the truth.
    """
    added = np.column_stack([pictures[f"driven_by_{name}"].to_numpy(np.float64) for name in DRIVERS])
    pictured = ~np.isnan(added).any(axis=1)
    most = np.where(pictured, added.max(axis=1, initial=-np.inf, where=~np.isnan(added)), np.nan)
    strongest = np.array(DRIVERS)[np.where(np.isnan(added), -np.inf, added).argmax(axis=1)]
    return np.where(most >= ACTS, strongest, np.where(most < QUIET, NOTHING, ""))


def named_causes(result: TrainingSet, mask: Mask, effort: Effort) -> Words:
    """Return per test row the raising cause with the largest contribution, or "none"."""
    fit, test = split(result)
    booster = train_booster(fit, Parameters(), effort.rounds, 0)
    empty = np.isnan(fit.values).all(axis=0)
    typical = np.nanmedian(np.where(empty, 0.0, fit.values), axis=0)
    speaker = create_explainer(catalog(), result.categories, typical, "CNY")
    text: list[str] = []
    values = test.values[mask]
    for start in range(0, len(values), BATCH):
        batch = values[start : start + BATCH]
        shares = np.asarray(booster.predict(batch, pred_contrib=True))
        for reasons in speaker.explain(batch, shares, REASONS):
            causes = (reason.code.value for reason in reasons if reason.code.is_cause and reason.direction == "rising")
            text.append(next(causes, NOTHING))
    return np.array(text)


def confusion(true: Words, text: Words) -> dict[str, dict[str, int]]:
    """Return rows by true driver and by the cause named first."""
    result = {driver: np.unique(text[true == driver], return_counts=True) for driver in (*DRIVERS, NOTHING)}
    return {
        driver: {str(cause): int(count) for cause, count in zip(*counted, strict=True)}
        for driver, counted in result.items()
        if len(counted[0])
    }


def recognised(true: Words, text: Words, account: NDArray[np.int32], effort: Effort) -> list[dict[str, Any]]:
    """Return for each driver how often its cause is named first where it is the true one, and overall."""
    weights = list(draw_resamples(account, effort.draws).weights())
    return [_recognised(driver, true == driver, text == driver, weights) for driver in (*DRIVERS, NOTHING)]


def _recognised(driver: str, acts: Mask, named: Mask, weights: Sequence[NDArray[np.float64]]) -> dict[str, Any]:
    if not acts.any():
        return {"driver": driver, "rows": 0, "named": None, "anywhere": float(named.mean())}
    randomised = [_gain(acts, named, weight) for weight in weights if weight[acts].any()]
    between = interval(np.array(randomised))
    return {
        "driver": driver,
        "rows": int(acts.sum()),
        "named": float(named[acts].mean()),
        "anywhere": float(named.mean()),
        "difference": float(named[acts].mean() - named.mean()),
        "low": between.low,
        "high": between.high,
    }


def _gain(acts: Mask, named: Mask, weight: NDArray[np.float64]) -> float:
    return float(np.average(named[acts], weights=weight[acts]) - np.average(named, weights=weight))


def confusion_lines(table: Mapping[str, Mapping[str, int]]) -> list[str]:
    """Return the confusion table as text: the most frequent cause for each driver."""
    lines = []
    for driver, counts in table.items():
        total = sum(counts.values())
        most = sorted(counts.items(), key=lambda item: -item[1])[:4]
        lines.append(f"{driver:<16}{total:>7}  " + ", ".join(f"{cause} {count / total:.0%}" for cause, count in most))
    return lines
