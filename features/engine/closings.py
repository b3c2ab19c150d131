"""Open and closed issues: events that open something, the events that close it, aggregations of both per row.

An issue changes its state only where a cutoff passes an instant (opened, due, closed, each as far as known), so that
each opening event counts in ranges of ascending rows.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from features.context import NEVER
from features.definitions import Aggregation
from features.engine.arrays import CLOSES_COLUMN, OPENS_COLUMN, REP_COLUMN, LogArrays
from features.engine.jit import called, inlined
from features.engine.scratch import BEGUN, CLOSED, CLOSED_ROW, CLOSED_SEEN, DUE, DUE_ROW, FIRST_ROW, SEEN, Scratch
from features.engine.searching import before
from features.lowering import AGGREGATIONS, PlanArrays
from features.rule_lowering import BY_REF, CLOSING_KINDS, DUE_AFTER, DUE_AT, IN_TIME, OPENING, SAME_REP
from kqml.calendar.business_time import DAY_US, Instants

OPEN = AGGREGATIONS.index(Aggregation.OPEN)
OPEN_AGE = AGGREGATIONS.index(Aggregation.OPEN_AGE)
OVERDUE = AGGREGATIONS.index(Aggregation.OVERDUE)
OVERDUE_SUM = AGGREGATIONS.index(Aggregation.OVERDUE_SUM)
OVERDUE_AGE = AGGREGATIONS.index(Aggregation.OVERDUE_AGE)
CLOSED_SHARE = AGGREGATIONS.index(Aggregation.CLOSED_SHARE)
CLOSING_DAYS = AGGREGATIONS.index(Aggregation.CLOSING_DAYS)


@inlined
def tally_closings(
    log: LogArrays, plan: PlanArrays, stream: int, n: int, answered: int, cutoffs: Instants, scratch: Scratch
) -> None:
    """Fill the slots of a stream with a Closing from the result of `find_closings`.

    NaN before `answered`, the instant from which the kinds that close are recorded.
    """
    for atom in range(plan.atom_start[stream], plan.atom_start[stream + 1]):
        slot = scratch.slots[atom, : len(cutoffs)]
        column = log.values[plan.atoms[atom, 1]]
        of = ClosingTally(scratch.closing, scratch.turns, scratch.opening, column, scratch.counted, scratch.summed)
        tally(plan.atoms[atom, 0], plan.atoms[atom, 4], n, cutoffs, of, slot)
        for k in range(len(cutoffs)):
            # Without recorded answers everything would look open: missing, not overdue.
            if plan.atoms[atom, 4] > scratch.reach[k] or answered >= cutoffs[k]:
                slot[k] = np.nan


class ClosingIndex(NamedTuple):
    """The events `low:high` of an account as `find_closings` reads them, and the scratch arrays that it fills.

    `cutoff`: the first of the rows, which see the same events retracted.
    """

    low: int
    high: int
    cutoff: int
    kind: NDArray[np.uint8]
    occurred_at: Instants
    known_at: Instants
    due_at: Instants
    retracted_at: Instants
    opens: NDArray[np.int32]
    closes: NDArray[np.int32]
    reps: NDArray[np.int32]
    opening: NDArray[np.int64]
    closing: NDArray[np.int64]
    turns: NDArray[np.int64]
    queue: NDArray[np.int64]


@inlined
def closing_in(log: LogArrays, low: int, high: int, cutoff: int, scratch: Scratch) -> ClosingIndex:
    """Return the events `low:high` with the scratch arrays for closings."""
    return ClosingIndex(
        low,
        high,
        cutoff,
        log.kind,
        log.occurred_at,
        log.known_at,
        log.due_at,
        log.retracted_at,
        log.codes[OPENS_COLUMN],
        log.codes[CLOSES_COLUMN],
        log.codes[REP_COLUMN],
        scratch.opening,
        scratch.closing,
        scratch.turns,
        scratch.queue,
    )


@called
def find_closings(rule: NDArray[np.int64], cutoffs: Instants, result: ClosingIndex) -> int:
    """Fill `closing`, `opening`, `turns` for the events that a row of `PlanArrays.closings` opens; return how many."""
    n = find_openers(rule, result)
    if n:
        # Two ways to close: a reference names what it closes (payment → invoice); without one, the next fitting event
        # does.
        if rule[BY_REF]:
            close_by_reference(rule, n, result)
        else:
            close_by_next(rule, n, result)
        for i in range(n):
            result.turns[FIRST_ROW, i] = rows_until(cutoffs, result.closing[SEEN, i])
            result.turns[CLOSED_ROW, i] = rows_until(cutoffs, result.closing[CLOSED_SEEN, i])
            result.turns[DUE_ROW, i] = rows_until(cutoffs, result.closing[DUE, i])
    return n


@inlined
def is_of(kinds: int, index: int, result: ClosingIndex) -> bool:
    """Whether an event is of some kinds (bits), and not retracted."""
    if not (kinds >> np.int64(result.kind[index])) & 1:
        return False
    return not len(result.retracted_at) or result.retracted_at[index] >= result.cutoff


@inlined
def find_openers(rule: NDArray[np.int64], result: ClosingIndex) -> int:
    """List the opening events, all of them still open; return their number."""
    n = 0
    for event in range(result.low, result.high):
        if not is_of(rule[OPENING], event, result):
            continue
        begun = result.occurred_at[event]
        due = begun + rule[DUE_AFTER] if rule[DUE_AFTER] >= 0 else NEVER
        if rule[DUE_AT] and len(result.due_at) and result.due_at[event] != NEVER:
            due = result.due_at[event]
        result.opening[n] = event
        result.closing[BEGUN, n] = begun
        result.closing[SEEN, n] = max(begun, result.known_at[event])
        result.closing[DUE, n] = due
        result.closing[CLOSED, n] = NEVER
        result.closing[CLOSED_SEEN, n] = NEVER
        n += 1
    return n


@inlined
def close_by_reference(rule: NDArray[np.int64], n: int, result: ClosingIndex) -> None:
    """Close each opening event by the events that refer to it."""
    if not len(result.opens):
        return
    for event in range(result.low, result.high):
        # `queue` maps the number of an opening event to its index among the openers. Only numbers that may be looked up
        # are reset: clearing the whole array would cost more than the search for accounts with few events.
        if result.closes[event] >= 0:
            result.queue[result.closes[event]] = -1
    for i in range(n):
        if result.opens[result.opening[i]] >= 0:
            result.queue[result.opens[result.opening[i]]] = i
    for event in range(result.low, result.high):
        if result.closes[event] >= 0 and is_of(rule[CLOSING_KINDS], event, result):
            i = result.queue[result.closes[event]]
            if i >= 0:
                close(rule, event, i, result)


@inlined
def close_by_next(rule: NDArray[np.int64], n: int, result: ClosingIndex) -> None:
    """Close each opening event by the fitting event that follows it and becomes known first.

    The search stops where every further event happened after a closing that was already known.
    """
    reps = result.reps
    for i in range(n):
        opener = result.opening[i]
        # Events without a rep may be anybody's: an unknown rep never prevents a closing.
        rep = reps[opener] if rule[SAME_REP] and len(reps) else -1
        limit = result.closing[DUE, i] if rule[IN_TIME] else NEVER
        event = opener + 1
        while event < result.high and result.occurred_at[event] < min(limit, result.closing[CLOSED_SEEN, i]):
            # Strictly later: of two events at one instant the order in the log means nothing.
            later = result.occurred_at[event] > result.occurred_at[opener]
            same = rep < 0 or reps[event] < 0 or reps[event] == rep
            if later and same and is_of(rule[CLOSING_KINDS], event, result):
                close(rule, event, i, result)
            event += 1


@inlined
def close(rule: NDArray[np.int64], event: int, i: int, result: ClosingIndex) -> None:
    """Close opening event `i` by `event`, unless an earlier known one has, or it comes too late to count."""
    visible_at = max(result.occurred_at[event], result.known_at[event])
    in_time = not rule[IN_TIME] or result.occurred_at[event] < result.closing[DUE, i]
    # A row sees whichever closing became known first, so that later knowledge never changes an earlier row.
    if in_time and visible_at < result.closing[CLOSED_SEEN, i]:
        result.closing[CLOSED_SEEN, i] = visible_at
        result.closing[CLOSED, i] = max(result.occurred_at[event], result.closing[BEGUN, i])


@inlined
def rows_until(cutoffs: Instants, instant: int) -> int:
    """Return how many of ascending cutoffs are not after an instant."""
    return len(cutoffs) if instant == NEVER else before(cutoffs, instant + 1)


class ClosingTally(NamedTuple):
    """The arrays of a tally: `closing`, `turns`, `opening` of the scratch and a column of values, which it reads;
    `counted`, `summed` per row, which it fills."""

    closing: NDArray[np.int64]
    turns: NDArray[np.int64]
    opening: NDArray[np.int64]
    amount: NDArray[np.float64]
    counted: NDArray[np.int64]
    summed: NDArray[np.int64]


@called
def tally(aggregation: int, back: int, n: int, cutoffs: Instants, of: ClosingTally, slot: NDArray[np.float64]) -> None:
    """Fill a slot with one aggregation of `n` openings, of those within `back` (µs) before the cutoff (0: all)."""
    start_tally(aggregation, of, slot)
    for i in range(n):
        first, closed, due = of.turns[FIRST_ROW, i], of.turns[CLOSED_ROW, i], of.turns[DUE_ROW, i]
        # The order of `Aggregation` makes groups: open, overdue, closed, late. Comparing with the last of each group
        # picks the rows in which an opening counts, without a branch for each aggregation.
        last = rows_until(cutoffs, of.closing[BEGUN, i] + back) if back else len(cutoffs)
        if aggregation <= OPEN_AGE:
            last = min(last, closed)
        elif aggregation <= OVERDUE_AGE:
            first, last = max(first, due), min(last, closed)
        elif aggregation > CLOSING_DAYS:
            first = max(first, due)
        if aggregation < CLOSED_SHARE:
            add_open(aggregation, i, first, last, of, slot)
        else:
            add_closed(aggregation, i, first, last, cutoffs, of)
    end_tally(aggregation, cutoffs, of, slot)


@inlined
def start_tally(aggregation: int, of: ClosingTally, slot: NDArray[np.float64]) -> None:
    """Reset the slot and the sums."""
    for k in range(len(slot)):
        slot[k] = 0.0
        of.counted[k] = 0
        # Ages keep a minimum in `summed` (the oldest opening), everything else a sum.
        of.summed[k] = NEVER if aggregation in (OPEN_AGE, OVERDUE_AGE) else 0


@inlined
def add_open(aggregation: int, i: int, first: int, last: int, of: ClosingTally, slot: NDArray[np.float64]) -> None:
    """Add one opening to the rows that see it open, or overdue."""
    if aggregation in (OPEN_AGE, OVERDUE_AGE):
        since = of.closing[BEGUN if aggregation == OPEN_AGE else DUE, i]
        for k in range(first, last):
            of.summed[k] = min(of.summed[k], since)
        return
    item = 1.0
    if aggregation == OVERDUE_SUM:
        # An invoice without an amount is overdue all the same; it adds 0 and does not make the sum missing.
        item = of.amount[of.opening[i]] if len(of.amount) else np.nan
        item = 0.0 if np.isnan(item) else item
    for k in range(first, last):
        slot[k] += item


@inlined
def add_closed(aggregation: int, i: int, first: int, last: int, cutoffs: Instants, of: ClosingTally) -> None:
    """Add one opening to the rows that see it, closed or not."""
    closed_row, closed = of.turns[CLOSED_ROW, i], of.closing[CLOSED, i]
    for k in range(first, last):
        is_closed = k >= closed_row
        if aggregation == CLOSED_SHARE:
            of.counted[k] += 1
            of.summed[k] += is_closed
        elif aggregation == CLOSING_DAYS:
            of.counted[k] += is_closed
            of.summed[k] += closed - of.closing[BEGUN, i] if is_closed else 0
        else:
            of.counted[k] += 1
            of.summed[k] += max(0, (closed if is_closed else cutoffs[k]) - of.closing[DUE, i])


@inlined
def end_tally(aggregation: int, cutoffs: Instants, of: ClosingTally, slot: NDArray[np.float64]) -> None:
    """Turn the sums into days or a share."""
    for k in range(len(cutoffs)):
        if aggregation in (OPEN_AGE, OVERDUE_AGE):
            slot[k] = 0.0 if of.summed[k] == NEVER else (cutoffs[k] - of.summed[k]) / DAY_US
        elif aggregation >= CLOSED_SHARE:
            unit = 1 if aggregation == CLOSED_SHARE else DAY_US
            slot[k] = of.summed[k] / of.counted[k] / unit if of.counted[k] else np.nan
