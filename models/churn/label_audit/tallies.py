"""Tallies of labelled rows: rows, churned rows, distinct departures."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from features.context import NEVER
from features.labels import LabelledRows, first_of_departure
from kqml.calendar.business_time import Instants
from kqml.contract.fields import Count, Probability

Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class RowCounts:
    """Counts over uncensored rows. `churn_rate`: None without rows. `flips`: churned rows whose account orders again
    later in the log. `departures`: distinct (account, last order before the silence), `accounts` those that left.
    `returned`: departures that a later order ends. Flips and returns are lower bounds: the latest had little time."""

    rows: Count
    churned: Count
    churn_rate: Probability | None
    flips: Count
    departures: Count
    accounts: Count
    returned: Count
    returned_share: Probability | None


@dataclass(frozen=True)
class LabelCounts:
    """What a tally needs of each row: account, silent_since, next_order as in LabelledRows."""

    account: NDArray[np.int32]
    churned: Mask
    silent_since: Instants
    next_order: Instants


def count_rows(answers: LabelCounts, mask: Mask) -> RowCounts:
    """Return the counts over the rows of `mask`; rows by account, then cutoff."""
    left = answers.churned & mask
    account, again = answers.account[left], answers.next_order[left] != NEVER
    first = first_of_departure(account, answers.silent_since[left])
    rows, churned, departures = int(mask.sum()), int(left.sum()), int(first.sum())
    returned = int(again[first].sum())
    return RowCounts(
        rows=rows,
        churned=churned,
        churn_rate=share(churned, rows),
        flips=int(again.sum()),
        departures=departures,
        accounts=distinct_sorted(account),
        returned=returned,
        returned_share=share(returned, departures),
    )


def distinct_sorted(account: NDArray[np.int32]) -> int:
    """Return how many different numbers an ascending array holds."""
    return int((np.diff(account) != 0).sum()) + min(1, len(account))


@dataclass(frozen=True)
class Groups:
    """Tallies of all rows; of those already silent (longer since the last order than one own cycle); of the rest,
    still ordering."""

    all: RowCounts
    silent: RowCounts
    ordering: RowCounts


def groups(answers: LabelCounts, mask: Mask, already_silent: Mask) -> Groups:
    """Return the tallies over the rows of `mask`."""
    parts = (count_rows(answers, mask & group) for group in (already_silent, ~already_silent))
    return Groups(count_rows(answers, mask), *parts)


def groups_of(labels: LabelledRows) -> Groups:
    """Return the tallies over uncensored rows."""
    answers = LabelCounts(labels.rows.account, labels.churned, labels.silent_since, labels.next_order)
    return groups(answers, ~labels.censored, labels.already_silent)


def share(part: float, whole: float) -> float | None:
    """Return the part of the whole, None of nothing."""
    return part / whole if whole else None
