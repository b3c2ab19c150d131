"""Departures flagged in time, with their money, at the capacity of a tenth of the accounts."""

from dataclasses import dataclass

import numpy as np

from features.labels import LabelledRows
from models.churn.logistic_line import Floats
from models.churn.metrics import TOP_SHARE, Mask, top_share
from models.churn.resampling import Interval, Resamples, interval


@dataclass(frozen=True)
class FlaggedDepartures:
    """Distinct departures (account, last order before the silence) of a test block. `observable`: those scored at a
    cutoff before that last order; `flagged`: those then in the top tenth at any such cutoff, `flagged_within`: at one
    no longer ago than gap + horizon. Shares are of all departures; NaN where there are none."""

    departures: int
    observable: int
    flagged: int
    flagged_within: int

    @property
    def share(self) -> float:
        return self.flagged / self.departures if self.departures else float("nan")

    @property
    def share_within(self) -> float:
        return self.flagged_within / self.departures if self.departures else float("nan")


def flagged_departures(labels: LabelledRows, scores: Floats, days_us: int) -> FlaggedDepartures:
    """Return how many departures stood in the top tenth at a cutoff before their last order (rows sorted as in
    labels)."""
    top = top_share(scores, labels.rows.cutoff)
    account, last_order = np.unique(
        np.stack([labels.rows.account[labels.churned].astype(np.int64), labels.silent_since[labels.churned]]), axis=1
    )
    scored = _between(labels, np.ones(len(top), dtype=np.bool_), account, last_order, None)
    any_time = _between(labels, top, account, last_order, None)
    within = _between(labels, top, account, last_order, days_us)
    return FlaggedDepartures(len(account), int((scored > 0).sum()), int((any_time > 0).sum()), int((within > 0).sum()))


def _between(
    labels: LabelledRows, counted: Mask, account: np.ndarray, last_order: np.ndarray, reach: int | None
) -> np.ndarray:
    """Return per departure, how many `counted` rows of its account have a cutoff at or before its last order."""
    cutoffs = np.unique(labels.rows.cutoff)
    stride = len(cutoffs) + 1
    keys = labels.rows.account.astype(np.int64) * stride + np.searchsorted(cutoffs, labels.rows.cutoff)
    totals = np.concatenate([[0], np.cumsum(counted)])
    first = 0 if reach is None else np.searchsorted(cutoffs, last_order - reach)
    start = np.searchsorted(keys, account * stride + first)
    stop = np.searchsorted(keys, account * stride + np.searchsorted(cutoffs, last_order, side="right"))
    return np.asarray(totals[np.maximum(stop, start)] - totals[start])


@dataclass(frozen=True)
class CapturedMoney:
    """The share of the churned rows' trailing money that lies in the top tenth of their cutoff, with its interval."""

    share: float
    bounds: Interval


def captured_money(labels: LabelledRows, scores: Floats, money: Floats, resamples: Resamples) -> CapturedMoney | None:
    """Money captured at rep capacity (a tenth of the accounts at every cutoff); None where none is recorded."""
    at_stake = np.where(labels.churned, np.nan_to_num(money), 0.0)
    if not at_stake.sum() > 0:
        return None
    top = top_share(scores, labels.rows.cutoff, TOP_SHARE)
    columns = np.column_stack([at_stake * top, at_stake])
    caught, total = columns.sum(axis=0)
    randomised = resamples.sums(columns)
    shares = np.divide(
        randomised[:, 0], randomised[:, 1], out=np.full(len(randomised), np.nan), where=randomised[:, 1] > 0
    )
    return CapturedMoney(float(caught / total), interval(shares))
