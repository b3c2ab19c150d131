"""What became of the accounts that were asked about: churned, censored, since when silent."""

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from features.churn import ChurnDefinition, Windows, windows_of
from features.context import NEVER, Context
from features.cutoffs import default_cutoff
from features.eligibility import Standing, standing_of
from features.recorded import recorded
from features.rows import Rows
from kqml.calendar import DAY_US, Instants
from kqml.dataset import DatasetInfo
from kqml.eventlog import EventLog
from kqml.events import EventKind

LAG_PERCENTILE = 95

ENDING = (EventKind.ACCOUNT_CLOSED, EventKind.ACCOUNT_TRANSFERRED)
"""Kinds that censor a row: the account did not leave us, it ended or went to a successor."""

Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class LabelledRows:
    """R eligible rows with mature labels, sorted by account, then cutoff.

    `churned`: no order in the window, by what happened whenever it was recorded. `censored`: closed or transferred in
    `[cutoff, window's end)`; such rows leave fit and metrics. `already_silent`, `last_order`, `own_cycle` (days):
    the standing at the cutoff (features.eligibility). `silent_since`: the last order before the window opens; with the
    account it names a departure. `next_order`: the first order at or after the window's opening, NEVER where none.
    `closes_at`: the window's end. `matures_at`: when the label is known for good. `immature`: how many further
    rows were left out because the log ends before that.
    """

    rows: Rows
    churned: Mask
    censored: Mask
    already_silent: Mask
    last_order: Instants
    own_cycle: NDArray[np.float64]
    silent_since: Instants
    next_order: Instants
    closes_at: Instants
    matures_at: Instants
    immature: int = 0

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def returned(self) -> Mask:
        """Churned at this cutoff, ordering again later in the log: a flip."""
        return np.asarray(self.churned & (self.next_order != NEVER), dtype=np.bool_)

    def where(self, mask: Mask) -> "LabelledRows":
        """The rows for which `mask` is true, in the same order."""
        kept = {field.name: getattr(self, field.name) for field in fields(self)}
        arrays = {name: value[mask] for name, value in kept.items() if isinstance(value, np.ndarray)}
        return LabelledRows(**{**kept, **arrays, "rows": self.rows.where(mask)})


def label_rows(
    log: EventLog,
    context: Context,
    definition: ChurnDefinition,
    cutoffs: Instants,
    label_lag_days: float = 0.0,
    *,
    observed_until: int | None = None,
) -> LabelledRows:
    """The eligible rows at `cutoffs` whose labels are mature at `observed_until` (None: the log's default cutoff)."""
    until = default_cutoff(log, context.time_zone) if observed_until is None else observed_until
    standing = standing_of(log, context, definition, cutoffs)
    return label_standing(log, standing, row_windows(standing.rows, context, definition, label_lag_days), until)


def row_windows(rows: Rows, context: Context, definition: ChurnDefinition, label_lag_days: float) -> Windows:
    """The window of each row."""
    cutoffs, place = np.unique(rows.cutoff, return_inverse=True)
    windows = windows_of(cutoffs, definition, context.quiet, label_lag_days)
    return Windows(windows.opens[place], windows.closes[place], windows.matures[place])


def label_standing(log: EventLog, standing: Standing, windows: Windows, until: int) -> LabelledRows:
    """The same for given eligible rows, one window each: the audit tries several on one standing."""
    mature = windows.matures <= until
    rows = standing.rows.where(mature)
    opens, closes = windows.opens[mature], windows.closes[mature]
    silent_since, next_order = _orders_around(log, rows, opens)
    return LabelledRows(
        rows=rows,
        churned=next_order >= closes,
        censored=_ended_between(log, rows, closes),
        already_silent=standing.already_silent[mature],
        last_order=standing.last_order[mature],
        own_cycle=standing.own_cycle[mature],
        silent_since=silent_since,
        next_order=next_order,
        closes_at=closes,
        matures_at=windows.matures[mature],
        immature=int(len(mature) - mature.sum()),
    )


def _orders_around(log: EventLog, rows: Rows, opens: Instants) -> tuple[Instants, Instants]:
    """The last order before each instant (an eligible row has one), the first at or after it."""
    orders = recorded(log, [EventKind.ORDER])
    following = orders.next_from(rows.account, opens)
    exists = following < orders.offsets[rows.account + 1]
    next_order = np.full(len(rows), NEVER)
    next_order[exists] = orders.occurred_at[following[exists]]
    return orders.occurred_at[following - 1], next_order


def _ended_between(log: EventLog, rows: Rows, closes: Instants) -> Mask:
    endings = recorded(log, ENDING)
    following = endings.next_from(rows.account, rows.cutoff)
    censored = following < endings.offsets[rows.account + 1]
    censored[censored] = endings.occurred_at[following[censored]] < closes[censored]
    return censored


def departures(labels: LabelledRows, mask: Mask | None = None) -> tuple[int, int]:
    """How many distinct (account, last order before the silence) the churned, uncensored rows of `mask` hold, and of
    how many accounts: rows repeat one leaving at several cutoffs, this counts it once."""
    left = labels.churned & ~labels.censored & (True if mask is None else mask)
    pairs = np.stack([labels.rows.account[left].astype(np.int64), labels.silent_since[left]])
    return np.unique(pairs, axis=1).shape[1], len(np.unique(pairs[0]))


def label_lag_days(info: DatasetInfo, log: EventLog) -> float:
    """Days within which 95 % of orders are recorded: as the dataset states it, else measured on the log."""
    stated = info.record_lags.get(EventKind.ORDER.code, {})
    for name in ("p95_days", "days"):
        if name in stated:
            return stated[name]
    ordered = log.kind == EventKind.ORDER.number
    lags = (log.known_at - log.occurred_at)[ordered]
    return max(0.0, float(np.percentile(lags, LAG_PERCENTILE)) / DAY_US) if len(lags) else 0.0
