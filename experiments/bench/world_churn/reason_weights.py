"""Whether a reason code weighs more where its hidden driver acts."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from experiments.bench.world_churn.hidden_facts import Mask
from experiments.bench.world_churn.model_accuracy import Effort, split
from features.catalog import catalog
from features.definitions import Code
from features.training_set import TrainingSet
from models.churn.boosting import Parameters, train_booster
from models.churn.reasons.contributions import CODES, CodeSums, code_map, code_sums
from models.churn.resampling import draw_resamples, interval

DRIVERS: Mapping[Code, str] = {
    Code.COMPLAINT: "complaint_open",
    Code.COMPETITOR: "courted",
    Code.SERVICE_FAILURE: "grieved",
    Code.BROKEN_PROMISE: "promise_broken",
    Code.NEGLECT: "neglected",
}
"""Reason code → the hidden fact under which it should weigh more."""


def sums_of(result: TrainingSet, mask: Mask, effort: Effort) -> CodeSums:
    """Return the contributions by code to the scores of the test rows of `mask`."""
    fit, test = split(result)
    booster = train_booster(fit, Parameters(), effort.rounds, 0)
    empty = np.isnan(fit.values).all(axis=0)
    typical = np.nanmedian(np.where(empty, 0.0, fit.values), axis=0)
    mapped = code_map(catalog(), len(result.categories), typical)
    values = test.values[mask]
    return code_sums(mapped, values, np.asarray(booster.predict(values, pred_contrib=True)))


def drivers_of(
    sums: CodeSums, facts: Mapping[str, Mask], account: NDArray[np.int32], effort: Effort
) -> list[dict[str, Any]]:
    """Return the mean contribution of each code where its driver acts less where it does not, with an interval by
    account."""
    return [
        {"code": code.value, **_difference(sums.totals[:, CODES.index(code)], facts[fact], account, effort)}
        for code, fact in DRIVERS.items()
    ]


def _difference(values: NDArray[np.float64], acts: Mask, account: NDArray[np.int32], effort: Effort) -> dict[str, Any]:
    randomised = [
        np.average(values[acts], weights=weights[acts]) - np.average(values[~acts], weights=weights[~acts])
        for weights in draw_resamples(account, effort.draws).weights()
        if weights[acts].any()
    ]
    between = interval(np.array(randomised))
    return {
        "rows": int(acts.sum()),
        "difference": float(values[acts].mean() - values[~acts].mean()),
        "low": between.low,
        "high": between.high,
    }
