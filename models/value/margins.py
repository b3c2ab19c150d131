"""Margins of accounts: net amounts between two instants, and the share of them that is margin."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from kqml.calendar.business_time import Instants
from kqml.dataset.folder import Dataset
from kqml.events import EventKind
from kqml.history.event_log import EventLog
from kqml.history.searching import first_at_or_after
from kqml.playbook import Playbook

Floats = NDArray[np.float64]

SIGNS = {EventKind.ORDER: 1.0, EventKind.RETURN: -1.0, EventKind.ORDER_CANCELLED: -1.0}


def margin_rates(dataset: Dataset, playbook: Playbook) -> NDArray[np.float64]:
    """Return per account of the log the playbook's rate of its segment; the mean rate where the segment is not told,
    1 where the playbook has no rate at all."""
    accounts = dataset.accounts()
    segment = accounts.get("segment", pd.Series(index=accounts.index, dtype=object))
    usual = float(np.mean(list(playbook.margin_rate.values()) or [1.0]))
    rates = segment.map(dict(playbook.margin_rate)).astype(np.float64).fillna(usual)
    return np.asarray(rates, dtype=np.float64)


def net_amounts(log: EventLog, account: NDArray[np.int32], start: Instants, end: Instants, known_before: int) -> Floats:
    """Return orders less returns and cancellations of each row's account in `[start, end)`, as known at `end`."""
    sign = np.zeros(256)
    for kind, direction in SIGNS.items():
        sign[kind.number] = direction
    chosen = np.flatnonzero((sign[log.kind] != 0) & log.known_before(known_before))
    offsets, times = np.searchsorted(chosen, log.offsets), log.occurred_at[chosen]
    amount = log.values.get("amount", np.zeros(len(log)))
    sums = np.concatenate([[0.0], np.cumsum(sign[log.kind[chosen]] * np.nan_to_num(amount[chosen]))])
    low, high = offsets[account], offsets[account + 1]
    first, after = first_at_or_after(times, low, high, start), first_at_or_after(times, low, high, end)
    return np.asarray(sums[after] - sums[first], dtype=np.float64)


def first_orders(log: EventLog, known_before: int) -> Instants:
    """Return per account the instant of its first order known by then; `known_before` where it has none."""
    result = np.full(log.account_count, known_before, dtype=np.int64)
    orders = np.flatnonzero((log.kind == EventKind.ORDER.number) & log.known_before(known_before))
    np.minimum.at(result, log.account[orders], log.occurred_at[orders])
    return result
