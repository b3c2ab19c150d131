"""Outcomes of decisions over the horizon: margin, retention and whether they are mature."""

from dataclasses import dataclass

import numpy as np

from features.context import NEVER
from features.labels import ENDING
from features.rows import Rows
from kqml.calendar.business_time import DAY_US, Instants
from kqml.events import EventKind
from kqml.history.event_log import EventLog
from kqml.history.searching import first_at_or_after
from models.uplift.sample import Codes, Flags, Floats

SIGNS = {EventKind.ORDER: 1.0, EventKind.RETURN: -1.0, EventKind.ORDER_CANCELLED: -1.0}


@dataclass(frozen=True)
class Outcomes:
    """Outcomes of R rows.

    `margin`: margin of orders less cancellations and returns in the horizon, 0 for accounts that left. `retained`: 1
    with any order, else 0. Both are NaN where not `mature`. `censored`: the account closed or changed owner in the
    horizon; such rows are kept, because excluding rows by later events would bias the estimate.
    """

    margin: Floats
    retained: Floats
    mature: Flags
    matures_at: Instants
    censored: Flags

    def where(self, mask: Flags) -> "Outcomes":
        return Outcomes(**{name: value[mask] for name, value in vars(self).items()})


def outcomes_of(log: EventLog, rows: Rows, rate: Floats, horizon: tuple[int, float], until: int) -> Outcomes:
    """Return the outcomes of `[cutoff, cutoff + horizon)`.

    `rate`: margin over amount, for each account of the log. `horizon`: microseconds of calendar time, then the
    recording lag in days. `until`: end of the observed data; outcomes that mature later are not mature. Retracted
    events are ignored.
    """
    log = log.settled()
    ends = rows.cutoff + horizon[0]
    matures_at = ends + np.int64(horizon[1] * DAY_US)
    mature = matures_at <= until
    amount, orders = _sums(log, rows, ends)
    ending = log.of_kinds(ENDING)
    index = ending.next_from(rows.account, rows.cutoff)
    exists = index < ending.offsets[rows.account + 1]
    ended = np.full(len(rows), NEVER)
    ended[exists] = ending.occurred_at[index[exists]]
    return Outcomes(
        margin=np.where(mature, amount * rate[rows.account], np.nan),
        retained=np.where(mature, (orders > 0).astype(np.float64), np.nan),
        mature=mature,
        matures_at=matures_at,
        censored=ended < ends,
    )


def _sums(log: EventLog, rows: Rows, ends: Instants) -> tuple[Floats, Codes]:
    """Return signed amounts and numbers of orders within each row's horizon."""
    sign = np.zeros(256)
    for kind, direction in SIGNS.items():
        sign[kind.number] = direction
    chosen = np.flatnonzero(sign[log.kind])
    offsets = np.searchsorted(chosen, log.offsets)
    times = log.occurred_at[chosen]
    signed = sign[log.kind[chosen]] * np.nan_to_num(log.values["amount"][chosen])
    amounts = np.concatenate([[0.0], np.cumsum(signed)])
    orders = np.concatenate([[0], np.cumsum(log.kind[chosen] == EventKind.ORDER.number)])
    low, high = offsets[rows.account], offsets[rows.account + 1]
    first, after = first_at_or_after(times, low, high, rows.cutoff), first_at_or_after(times, low, high, ends)
    return amounts[after] - amounts[first], np.asarray(orders[after] - orders[first], dtype=np.int64)
