"""Expected margin of an account over the horizon if it stays."""

from dataclasses import dataclass
from functools import cached_property

import lightgbm as lgb
import numpy as np
from numpy.typing import NDArray

from features.labels import LabelledRows
from features.rows import Rows
from kqml.calendar.business_time import DAY_US, Instants
from kqml.history.event_log import EventLog
from models.value.margins import first_orders, net_amounts

Floats = NDArray[np.float64]

LEAST_ROWS = 300
"""Retained rows below which nothing is fitted: the trailing mean answers for everybody."""

TRAILING_DAYS = 365
SHORT_HORIZONS = 2
"""An account's history is short until its first order lies so many horizons back."""

ROUNDS = 150
GROWTH = {
    "objective": "tweedie",
    "tweedie_variance_power": 1.5,
    "learning_rate": 0.05,
    "num_leaves": 15,
    "min_data_in_leaf": 50,
    "feature_fraction": 0.5,
    "lambda_l2": 1.0,
    "verbose": -1,
    "deterministic": True,
    "force_row_wise": True,
    "num_threads": 2,
}


@dataclass(frozen=True)
class Trailing:
    """`margin`: of an account over one horizon, at the rate of the last year; `short`: its history is short."""

    margin: Floats
    short: NDArray[np.bool_]


@dataclass(frozen=True)
class ValueModel:
    """Expected margin over one horizon if the account stays.

    `booster`: None where too few retained rows exist. `usual`: mean of the fitted rows divided by the mean prediction,
    which makes totals unbiased.
    """

    booster: lgb.Booster | None
    rows: int
    usual: float = 1.0

    @cached_property
    def booster_text(self) -> str | None:
        """The booster as LightGBM's text."""
        return None if self.booster is None else self.booster.model_to_string()

    def predict(self, values: Floats, trailing: Trailing) -> Floats:
        """Return per row of (R, F) the expected margin, at least 0; the trailing mean where the history is short."""
        if self.booster is None or not len(values):
            return trailing.margin
        result = np.asarray(self.booster.predict(values), dtype=np.float64) * self.usual
        return np.where(trailing.short, trailing.margin, np.maximum(result, 0.0))


def trailing_of(log: EventLog, rows: Rows, rate: Floats, horizon_days: int) -> Trailing:
    """Return the trailing margin of each row before its cutoff, as known then; `rate`: margin over amount, for each
    account."""
    margin, short = np.zeros(len(rows)), np.zeros(len(rows), dtype=np.bool_)
    for cutoff in np.unique(rows.cutoff).tolist():
        indices = np.flatnonzero(rows.cutoff == cutoff)
        account = rows.account[indices]
        since = (cutoff - first_orders(log, cutoff)[account]) / DAY_US
        days = np.clip(since, horizon_days, TRAILING_DAYS)
        start = np.full(len(indices), cutoff - TRAILING_DAYS * DAY_US)
        amount = net_amounts(log, account, start, np.full(len(indices), cutoff), cutoff)
        margin[indices] = np.maximum(amount, 0.0) * rate[account] / days * horizon_days
        short[indices] = since < SHORT_HORIZONS * horizon_days
    return Trailing(margin, short)


def retained_rows(labels: LabelledRows) -> NDArray[np.bool_]:
    """Return rows whose account neither churned nor ended in the window."""
    return np.asarray(~labels.churned & ~labels.censored, dtype=np.bool_)


def margins_in_window(log: EventLog, labels: LabelledRows, opens: Instants, rate: Floats, until: int) -> Floats:
    """Return the margin of each row within the window of its churn label, at least 0."""
    amount = net_amounts(log, labels.rows.account, opens, labels.closes_at, until)
    return np.asarray(np.maximum(amount, 0.0) * rate[labels.rows.account], dtype=np.float64)


def fit_value(values: Floats, margin: Floats, categorical: list[int], seed: int = 0) -> ValueModel:
    """Fit Tweedie trees (Jørgensen 1987; Zhou, Qian & Yang 2022) on retained rows."""
    if len(values) < LEAST_ROWS or not (margin > 0).any():
        return ValueModel(None, len(values))
    data = lgb.Dataset(values, margin, categorical_feature=categorical, params={"verbose": -1})
    booster = lgb.train({**GROWTH, "seed": seed}, data, ROUNDS)
    result = np.asarray(booster.predict(values), dtype=np.float64)
    return ValueModel(booster, len(values), float(margin.mean() / max(result.mean(), 1e-9)))
