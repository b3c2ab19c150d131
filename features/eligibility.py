"""Eligibility: the accounts that get a prediction at a cutoff, by what was known then."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from features.churn_definition import ChurnDefinition
from features.context import Context
from features.rows import Rows
from kqml.calendar.business_time import DAY_US, Instants
from kqml.events import EventKind
from kqml.history.attributes import IN_BUSINESS_AFTER, STATUS_AFTER
from kqml.history.event_log import EventLog, Indices

CYCLE_GAPS = 26
"""An account's own cycle is the mean of this many last gaps between orders (design §6)."""

BLOCK_ROWS = 1_000_000
"""Pairs of account and cutoff checked at once; bounds the memory."""


@dataclass(frozen=True)
class Eligibility:
    """The eligible rows, with their orders as known at the cutoff.

    `orders`: how many. `last_order`: the instant of the latest. `silence`: days from it to the cutoff. `own_cycle`:
    days, the mean of the last CYCLE_GAPS gaps, NaN with a single order. `already_silent`: the silence is longer than
    one own cycle. Days are active days.
    """

    rows: Rows
    orders: NDArray[np.int64]
    last_order: Instants
    silence: NDArray[np.float64]
    own_cycle: NDArray[np.float64]
    already_silent: NDArray[np.bool_]


def eligible_rows(log: EventLog, context: Context, definition: ChurnDefinition, cutoffs: Instants) -> Rows:
    """Return the eligible pairs of account and cutoff."""
    return eligibility_of(log, context, definition, cutoffs).rows


def eligibility_of(log: EventLog, context: Context, definition: ChurnDefinition, cutoffs: Instants) -> Eligibility:
    """Return the eligible rows of all accounts at all cutoffs; reads only events known before each cutoff."""
    sources = log.of_kinds([EventKind.ORDER]), log.of_kinds(STATUS_AFTER)
    blocks = [
        _eligibility_in(block, *sources, context, definition)
        for block in _blocks(log.account_count, np.unique(np.asarray(cutoffs, dtype=np.int64)))
    ]
    return _joined(blocks)


def _blocks(account_count: int, cutoffs: Instants) -> Iterator[Rows]:
    """Yield all pairs, at most BLOCK_ROWS at a time; one empty block where there are no accounts."""
    step = max(1, BLOCK_ROWS // max(1, len(cutoffs)))
    for start in range(0, max(1, account_count), step):
        # Whole accounts to a block: rows stay sorted by account, then cutoff, when blocks are joined.
        grid = Rows.grid(min(step, account_count - start), cutoffs)
        yield Rows(grid.account + np.int32(start), grid.cutoff)


def _eligibility_in(
    rows: Rows, orders: EventLog, status: EventLog, context: Context, definition: ChurnDefinition
) -> Eligibility:
    known, last = orders.known_steps.before(rows.account, rows.cutoff)
    enough = (known >= definition.min_orders) & (known > 0)
    # The cheapest test first: it drops most pairs before anything else is looked up.
    rows, known, last = rows.where(enough), known[enough], last[enough]
    silence = context.quiet.active(rows.cutoff) - context.quiet.active(orders.occurred_at[last])
    # Silence is measured on the active clock, so that nobody turns ineligible over the Spring Festival.
    eligible = (silence <= definition.active_within * DAY_US) & _is_in_business(rows, status)
    return _eligibility(rows.where(eligible), known[eligible], last[eligible], orders, context)


def _is_in_business(rows: Rows, status: EventLog) -> NDArray[np.bool_]:
    """Return False where the latest known change of status suspended, closed or transferred the account."""
    open_ = np.ones(len(rows), dtype=np.bool_)
    _, latest = status.known_steps.before(rows.account, rows.cutoff)
    changed = latest >= 0
    # No change of status known means open: an account without any event of that kind is in business.
    open_[changed] = IN_BUSINESS_AFTER[status.kind[latest[changed]]]
    return open_


def _eligibility(rows: Rows, known: Indices, last: Indices, orders: EventLog, context: Context) -> Eligibility:
    gaps = np.minimum(known - 1, CYCLE_GAPS)
    first = _known_before_last(rows, known, last, gaps, orders)
    last_order = orders.occurred_at[last]
    silence = context.quiet.active(rows.cutoff) - context.quiet.active(last_order)
    span = context.quiet.active(last_order) - context.quiet.active(orders.occurred_at[first])
    # `silence > span / gaps` is written as a product of integers: no rounding decides who is already silent.
    own_cycle = np.divide(span, gaps * DAY_US, out=np.full(len(rows), np.nan), where=gaps > 0)
    return Eligibility(rows, known, last_order, silence / DAY_US, own_cycle, (silence * gaps > span) & (gaps > 0))


def _known_before_last(rows: Rows, known: Indices, last: Indices, gaps: Indices, orders: EventLog) -> Indices:
    """Return the index of the order `gaps` known orders before the last known one.

    Where all orders up to the last are known this is a subtraction; else each step back skips orders not yet known.
    """
    first = last - gaps
    # Only accounts with a late record walk back step by step; for the others positions and known orders agree.
    late = np.flatnonzero(last - orders.offsets[rows.account] + 1 != known)
    order, left = last[late], gaps[late]
    while len(late):
        first[late[left == 0]] = order[left == 0]
        late, order, left = late[left > 0], order[left > 0] - 1, left[left > 0]
        left -= orders.is_known(order, rows.cutoff[late])
    return first


def _joined(blocks: list[Eligibility]) -> Eligibility:
    columns = [
        np.concatenate([getattr(block, name) for block in blocks])
        for name in ("orders", "last_order", "silence", "own_cycle", "already_silent")
    ]
    account = np.concatenate([block.rows.account for block in blocks])
    return Eligibility(Rows(account, np.concatenate([block.rows.cutoff for block in blocks])), *columns)
