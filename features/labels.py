"""Churn labels of eligible rows: churned or not, censored, silent since when."""

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from features.churn_definition import ChurnDefinition, Windows, windows_of
from features.context import NEVER, Context
from features.cutoffs import default_cutoff
from features.eligibility import Eligibility, eligibility_of
from features.rows import Rows
from kqml.calendar.business_time import DAY_US, Instants
from kqml.dataset.folder import DatasetInfo
from kqml.dataset.info import RecordLag
from kqml.events import EventKind
from kqml.history.event_log import EventLog, Indices

LAG_PERCENTILE = 95

ENDING = (EventKind.ACCOUNT_CLOSED, EventKind.ACCOUNT_TRANSFERRED)
"""Kinds that censor a row: the account did not leave us, it ended or went to a successor."""

Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class LabelledRows:
    """R eligible rows with mature labels, sorted by account, then cutoff.

    `churned`: no order in the window, by what happened whenever it was recorded; an event that was ever retracted did
    not happen. `censored`: closed or transferred in
    `[cutoff, window's end)`; such rows leave fit and metrics. `already_silent`, `last_order`, `own_cycle` (days): as
    known at the cutoff (features.eligibility). `silent_since`: the last order before the window opens; with the
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
        """Return the rows that churned at their cutoff and order again later in the log."""
        return np.asarray(self.churned & (self.next_order != NEVER), dtype=np.bool_)

    def where(self, mask: Mask) -> "LabelledRows":
        """Return the rows for which `mask` is true, in the same order."""
        retained = {field.name: getattr(self, field.name) for field in fields(self)}
        arrays = {name: value[mask] for name, value in retained.items() if isinstance(value, np.ndarray)}
        return LabelledRows(**{**retained, **arrays, "rows": self.rows.where(mask)})


def label_rows(
    log: EventLog,
    context: Context,
    definition: ChurnDefinition,
    cutoffs: Instants,
    label_lag_days: float = 0.0,
    *,
    observed_until: int | None = None,
) -> LabelledRows:
    """Return the eligible rows at `cutoffs` whose labels are mature at `observed_until` (None: the default cutoff).

    Raises Refused on an empty log.
    """
    # The end of the last day stands for the instant up to which everything that happened has been recorded.
    until = default_cutoff(log, context.time_zone) if observed_until is None else observed_until
    eligibility = eligibility_of(log, context, definition, cutoffs)
    return label_eligible(log, eligibility, row_windows(eligibility.rows, context, definition, label_lag_days), until)


def row_windows(rows: Rows, context: Context, definition: ChurnDefinition, label_lag_days: float) -> Windows:
    """Return the label window of each row."""
    # Quiet days are skipped once for each cutoff, of which there are few, not for each of millions of rows.
    cutoffs, inverse = np.unique(rows.cutoff, return_inverse=True)
    windows = windows_of(cutoffs, definition, context.quiet, label_lag_days)
    return Windows(windows.opens[inverse], windows.closes[inverse], windows.matures[inverse])


def label_eligible(log: EventLog, eligibility: Eligibility, windows: Windows, until: int) -> LabelledRows:
    """Return the labels of given eligible rows, one window each; immature ones are counted and left out."""
    # An immature row is no negative: its order may have happened without being recorded yet.
    mature = windows.matures <= until
    rows, closes = eligibility.rows.where(mature), windows.closes[mature]
    outcome = outcome_of(log, rows, windows.opens[mature])
    return LabelledRows(
        rows=rows,
        # By what happened, not by what was known: the outcome is read after the records are complete.
        churned=outcome.next_order >= closes,
        # From the cutoff on, gap included: an account that closes in the gap cannot order in the window either.
        censored=outcome.ends_at < closes,
        already_silent=eligibility.already_silent[mature],
        last_order=eligibility.last_order[mature],
        own_cycle=eligibility.own_cycle[mature],
        silent_since=outcome.silent_since,
        next_order=outcome.next_order,
        closes_at=closes,
        matures_at=windows.matures[mature],
        immature=int(len(mature) - mature.sum()),
    )


@dataclass(frozen=True)
class LabelOutcome:
    """Events around the opening of each row's window, independent of the horizon.

    `silent_since`: the last order before it. `next_order`: the first at or after it. `ends_at`: the first closure or
    transfer at or after the cutoff. NEVER where there is none.
    """

    silent_since: Instants
    next_order: Instants
    ends_at: Instants


def outcome_of(log: EventLog, rows: Rows, opens: Instants) -> LabelOutcome:
    """Return the outcome of eligible rows (each has an order before its cutoff) whose windows open at `opens`."""
    settled = log.settled()
    orders = settled.of_kinds([EventKind.ORDER])
    following = orders.next_from(rows.account, opens)
    endings = settled.of_kinds(ENDING)
    ends_at = _time_at(endings, rows, endings.next_from(rows.account, rows.cutoff))
    return LabelOutcome(_last_orders(log, orders, rows, opens), _time_at(orders, rows, following), ends_at)


def _last_orders(log: EventLog, settled: EventLog, rows: Rows, opens: Instants) -> Instants:
    """Return the last order before each window; where all of them were retracted later, the last of those."""
    # One before the next is an order of the same account: eligible rows have one before the cutoff, unless retracted.
    index = settled.next_from(rows.account, opens) - 1
    none = index < settled.offsets[rows.account]
    if not none.any():
        return settled.occurred_at[index]
    orders = log.of_kinds([EventKind.ORDER])
    last = orders.occurred_at[orders.next_from(rows.account, opens) - 1]
    last[~none] = settled.occurred_at[index[~none]]
    return last


def _time_at(events: EventLog, rows: Rows, indices: Indices) -> Instants:
    """Return when the event at each index happened, NEVER where the index is past the account's end."""
    times = np.full(len(rows), NEVER)
    exists = indices < events.offsets[rows.account + 1]
    times[exists] = events.occurred_at[indices[exists]]
    return times


def departures(labels: LabelledRows, mask: Mask | None = None) -> tuple[int, int]:
    """Return the number of distinct departures among the churned, uncensored rows of `mask`, and of their accounts.

    A departure is a pair of account and last order before the silence; rows repeat it at several cutoffs.
    """
    left = labels.churned & ~labels.censored & (True if mask is None else mask)
    account = labels.rows.account[left]
    first = first_of_departure(account, labels.silent_since[left])
    return int(first.sum()), len(np.unique(account))


def first_of_departure(account: NDArray[np.int32], silent_since: Instants) -> Mask:
    """Return True at the first of each run of churned rows with the same departure; rows by account, then cutoff."""
    first = np.ones(len(account), dtype=np.bool_)
    # Churned rows of one departure share its last order and are neighbours, so that a change marks the next departure.
    first[1:] = (np.diff(account) != 0) | (np.diff(silent_since) != 0)
    return first


def label_lag_days(info: DatasetInfo, log: EventLog) -> float:
    """Return the days within which 95 % of orders are recorded: as the dataset states, else measured on the log."""
    stated = info.record_lags.get(EventKind.ORDER.code, RecordLag())
    lag = stated.get("p95_days", stated.get("days"))
    if lag is not None:
        return lag
    ordered = log.kind == EventKind.ORDER.number
    lags = (log.known_at - log.occurred_at)[ordered]
    return max(0.0, float(np.percentile(lags, LAG_PERCENTILE)) / DAY_US) if len(lags) else 0.0
