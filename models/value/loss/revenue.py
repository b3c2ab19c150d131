"""Yearly revenue of an account: its trailing net sales."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from features.rows import Rows
from kqml.calendar.business_time import DAY_US
from kqml.grades.sales import sign_of_kind
from kqml.history.event_log import EventLog
from kqml.history.searching import first_at_or_after

Floats = NDArray[np.float64]
Texts = NDArray[np.object_]

YEAR_DAYS = 365.0
LEAST_DAYS = 90.0
"""A shorter acquaintance is not stretched to a year by more than this allows: one first order is no yearly pace."""


@dataclass(frozen=True)
class YearlyRevenue:
    """Yearly revenue and margin of each row.

    `margin` is NaN without a margin rate of the segment; both are NaN without amounts in the data.
    """

    revenue: Floats
    margin: Floats


def estimate_revenue(log: EventLog, rows: Rows, segments: Texts, margin_rate: Mapping[str, float]) -> YearlyRevenue:
    """Return the yearly worth of each row's account as it was before the row's cutoff; `segments`: one per row."""
    revenue = yearly_revenue(log, rows)
    rates = np.array([margin_rate.get(str(segment), np.nan) for segment in segments], dtype=np.float64)
    return YearlyRevenue(revenue, revenue * rates)


def yearly_revenue(log: EventLog, rows: Rows) -> Floats:
    """Return orders less returns and cancellations of the 365 days before each cutoff, scaled to a full year.

    An account known for fewer days is scaled by its days, at least 90. Never below 0. Rows are sorted by account.
    """
    if "amount" not in log.values:
        return np.full(len(rows), np.nan)
    indices, sums, offsets = _signed_sums(log)
    if not len(indices):
        return np.zeros(len(rows))
    low, high = offsets[rows.account], offsets[rows.account + 1]
    times = log.occurred_at[indices]
    start = rows.cutoff - round(YEAR_DAYS * DAY_US)
    first, last = first_at_or_after(times, low, high, start), first_at_or_after(times, low, high, rows.cutoff)
    known_days = np.where(high > low, rows.cutoff - times[np.minimum(low, len(times) - 1)], 0) / DAY_US
    total = sums[last] - sums[first]
    return np.asarray(np.maximum(total, 0.0) * YEAR_DAYS / np.clip(known_days, LEAST_DAYS, YEAR_DAYS), dtype=np.float64)


def _signed_sums(log: EventLog) -> tuple[NDArray[np.int64], Floats, NDArray[np.int64]]:
    """Return the indices of trade events, their running signed sum from 0 (one longer), each account's first index in
    it."""
    signs = sign_of_kind()
    indices = np.flatnonzero(signs[log.kind])
    amounts = np.nan_to_num(log.values["amount"][indices]) * signs[log.kind[indices]]
    return indices, np.concatenate([[0.0], np.cumsum(amounts)]), np.searchsorted(indices, log.offsets)
