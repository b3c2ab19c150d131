"""Dispatch: the function that computes each aggregation."""

import numpy as np

from features.definitions import Aggregation
from features.engine import rhythm, windows
from features.engine.arrays import LogArrays
from features.engine.jit import inlined
from features.engine.ledger import WORST, fill_account_state
from features.engine.scratch import Scratch
from features.engine.windows import Indices, Numbers, Sums, Window
from features.lowering import AGGREGATIONS, PlanArrays
from kqml.calendar.business_time import Instants

COUNT = AGGREGATIONS.index(Aggregation.COUNT)
DAYS = AGGREGATIONS.index(Aggregation.DAYS)
WEEKS = AGGREGATIONS.index(Aggregation.WEEKS)
SUM = AGGREGATIONS.index(Aggregation.SUM)
MEAN = AGGREGATIONS.index(Aggregation.MEAN)
CV = AGGREGATIONS.index(Aggregation.CV)
MAXIMUM = AGGREGATIONS.index(Aggregation.MAXIMUM)
DISTINCT = AGGREGATIONS.index(Aggregation.DISTINCT)
SINGLE = AGGREGATIONS.index(Aggregation.SINGLE)
MINIMUM = AGGREGATIONS.index(Aggregation.MINIMUM)
OPEN = AGGREGATIONS.index(Aggregation.OPEN)
SINCE_LAST = AGGREGATIONS.index(Aggregation.SINCE_LAST)
SINCE_FIRST = AGGREGATIONS.index(Aggregation.SINCE_FIRST)
GAP_MEAN = AGGREGATIONS.index(Aggregation.GAP_MEAN)
GAP_STD = AGGREGATIONS.index(Aggregation.GAP_STD)
GAP_MEDIAN = AGGREGATIONS.index(Aggregation.GAP_MEDIAN)
GAP_LAST = AGGREGATIONS.index(Aggregation.GAP_LAST)


@inlined
def fill_atoms(plan: PlanArrays, stream: int, k0: int, k1: int, cutoffs: Instants, scratch: Scratch) -> None:
    """Fill the slots of a stream's atoms for rows `k0:k1` from its loaded events."""
    for atom in range(plan.atom_start[stream], plan.atom_start[stream + 1]):
        # The order of `Aggregation` is the dispatch: windows, then gaps, then openings and the ledger.
        if plan.atoms[atom, 0] < SINCE_LAST:
            fill_window(plan, atom, k0, k1, scratch)
        elif plan.atoms[atom, 0] < OPEN:
            fill_timeless(plan, atom, k0, k1, scratch)
        elif plan.atoms[atom, 0] == WORST:
            fill_worst(plan, atom, k0, k1, scratch)
        else:
            fill_account_state(plan, atom, k0, k1, cutoffs, scratch)


@inlined
def fill_window(plan: PlanArrays, atom: int, k0: int, k1: int, scratch: Scratch) -> None:
    """Fill the slot of one aggregation over a window."""
    aggregation, column = plan.atoms[atom, 0], plan.atoms[atom, 1]
    window, slot = window_of(plan, atom, k0, k1, scratch), scratch.slots[atom, k0:k1]
    if aggregation == COUNT:
        windows.count(window, slot)
    elif aggregation == DAYS:
        windows.distinct_so_far(window, scratch.days, slot)
    elif aggregation == WEEKS:
        windows.distinct_so_far(window, scratch.weeks, slot)
    elif aggregation in (DISTINCT, SINGLE):
        windows.distinct(window, scratch.code[column], scratch.seen, slot)
        if aggregation == SINGLE:
            windows.only_one(slot)
    else:
        fill_of_value(aggregation, window, sums_of(scratch, column), scratch.queue, slot)


@inlined
def window_of(plan: PlanArrays, atom: int, k0: int, k1: int, scratch: Scratch) -> Window:
    """Return the window of an atom; a month reaches back to where it began."""
    starts, stops = scratch.edge[plan.atoms[atom, 2]], scratch.edge[plan.atoms[atom, 3]]
    reach, back = scratch.reach, plan.atoms[atom, 4]
    if back < 0:
        # A month has no fixed length: its distance from the cutoff is taken off `reach` here, which leaves `back` = 0.
        for k in range(k0, k1):
            scratch.month_reach[k] = scratch.reach[k] - scratch.month_back[-1 - back, k]
        reach, back = scratch.month_reach, 0
    return Window(starts[k0:k1], stops[k0:k1], reach[k0:k1], back)


@inlined
def fill_worst(plan: PlanArrays, atom: int, k0: int, k1: int, scratch: Scratch) -> None:
    """Fill the slot with the smallest weight that the ledger's events booked in a window."""
    window = window_of(plan, atom, k0, k1, scratch)
    windows.extreme(window, scratch.worth, -1.0, scratch.queue, scratch.slots[atom, k0:k1])


@inlined
def fill_of_value(aggregation: int, window: Window, sums: Sums, queue: Indices, slot: Numbers) -> None:
    """Fill the slot of one aggregation of a value over a window."""
    if aggregation == SUM:
        windows.total(window, sums, slot)
    elif aggregation == MEAN:
        windows.mean(window, sums, slot)
    elif aggregation in (MAXIMUM, MINIMUM):
        windows.extreme(window, sums.value, 1.0 if aggregation == MAXIMUM else -1.0, queue, slot)
    else:
        windows.spread(window, sums, aggregation == CV, slot)


@inlined
def sums_of(scratch: Scratch, column: int) -> Sums:
    """Return a value of the stream with its prefix sums."""
    return Sums(
        scratch.value[column],
        scratch.number[column],
        scratch.total[column],
        scratch.shifted[column],
        scratch.squares[column],
    )


@inlined
def fill_timeless(plan: PlanArrays, atom: int, k0: int, k1: int, scratch: Scratch) -> None:
    """Fill the slot of one aggregation over all visible events."""
    aggregation, last = plan.atoms[atom, 0], plan.atoms[atom, 5]
    visible, active, slot = scratch.edge[0, k0:k1], scratch.active, scratch.slots[atom, k0:k1]
    if aggregation in (SINCE_LAST, SINCE_FIRST):
        rhythm.since(visible, active, scratch.active_cutoff[k0:k1], aggregation == SINCE_FIRST, slot)
    elif aggregation == GAP_MEAN:
        rhythm.gap_mean(visible, active, last, slot)
    elif aggregation == GAP_LAST:
        rhythm.gap_mean(visible, active, 1, slot)
    elif aggregation == GAP_STD:
        rhythm.gap_std(visible, active, last, slot)
    else:
        rhythm.gap_quantile(visible, active, last, 0.5 if aggregation == GAP_MEDIAN else 0.9, scratch.queue, slot)


@inlined
def fill_absent(log: LogArrays, plan: PlanArrays, stream: int, rows: int, scratch: Scratch) -> None:
    """Fill the slots of a stream that has no event here: counts and sums are 0 as far as it was recorded."""
    for atom in range(plan.atom_start[stream], plan.atom_start[stream + 1]):
        row, slot = plan.atoms[atom], scratch.slots[atom]
        # Counts and sums of nothing are 0; means, extremes and gaps of nothing do not exist.
        zero = row[0] <= SUM or row[0] in (DISTINCT, SINGLE) or (row[0] > OPEN and row[0] != WORST)
        for k in range(rows):
            reach = scratch.reach[k] - (scratch.month_back[-1 - row[4], k] if row[4] < 0 else row[4])
            slot[k] = 0.0 if zero and reach >= 0 else np.nan
