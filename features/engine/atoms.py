"""Which function computes which aggregation."""

import numpy as np

from features.definitions import Aggregation
from features.engine import rhythm, windows
from features.engine.arrays import LogArrays
from features.engine.jit import compiled
from features.engine.scratch import Scratch
from features.lowering import AGGREGATIONS, PlanArrays

COUNT = AGGREGATIONS.index(Aggregation.COUNT)
DAYS = AGGREGATIONS.index(Aggregation.DAYS)
WEEKS = AGGREGATIONS.index(Aggregation.WEEKS)
SUM = AGGREGATIONS.index(Aggregation.SUM)
MEAN = AGGREGATIONS.index(Aggregation.MEAN)
STD = AGGREGATIONS.index(Aggregation.STD)
CV = AGGREGATIONS.index(Aggregation.CV)
MAXIMUM = AGGREGATIONS.index(Aggregation.MAXIMUM)
DISTINCT = AGGREGATIONS.index(Aggregation.DISTINCT)
SINCE_LAST = AGGREGATIONS.index(Aggregation.SINCE_LAST)
SINCE_FIRST = AGGREGATIONS.index(Aggregation.SINCE_FIRST)
GAP_MEAN = AGGREGATIONS.index(Aggregation.GAP_MEAN)
GAP_STD = AGGREGATIONS.index(Aggregation.GAP_STD)
GAP_MEDIAN = AGGREGATIONS.index(Aggregation.GAP_MEDIAN)
GAP_P90 = AGGREGATIONS.index(Aggregation.GAP_P90)
GAP_LAST = AGGREGATIONS.index(Aggregation.GAP_LAST)


@compiled
def fill_atoms(plan: PlanArrays, stream: int, k0: int, k1: int, scratch: Scratch) -> None:
    """Fills the slots of a stream's atoms for rows `k0:k1` from its loaded events."""
    for place in range(plan.atom_start[stream], plan.atom_start[stream + 1]):
        if plan.atoms[place, 0] < SINCE_LAST:
            fill_window(plan, place, k0, k1, scratch)
        else:
            fill_timeless(plan, place, k0, k1, scratch)


@compiled
def fill_window(plan: PlanArrays, place: int, k0: int, k1: int, scratch: Scratch) -> None:
    """One aggregation over a window."""
    atom, slot = plan.atoms[place], scratch.slots[place]
    aggregation = atom[0]
    if aggregation == COUNT:
        windows.count(scratch, atom, slot, k0, k1)
    elif aggregation == DAYS:
        windows.distinct_so_far(scratch, atom, slot, k0, k1, scratch.days)
    elif aggregation == WEEKS:
        windows.distinct_so_far(scratch, atom, slot, k0, k1, scratch.weeks)
    elif aggregation == SUM:
        windows.total(scratch, atom, slot, k0, k1)
    elif aggregation == MEAN:
        windows.mean(scratch, atom, slot, k0, k1)
    elif aggregation in (STD, CV):
        windows.spread(scratch, atom, slot, k0, k1, aggregation == CV)
    elif aggregation == MAXIMUM:
        windows.maximum(scratch, atom, slot, k0, k1)
    elif aggregation == DISTINCT:
        windows.distinct(scratch, atom, slot, k0, k1)


@compiled
def fill_timeless(plan: PlanArrays, place: int, k0: int, k1: int, scratch: Scratch) -> None:
    """One aggregation over all that is visible."""
    atom, slot = plan.atoms[place], scratch.slots[place]
    aggregation = atom[0]
    if aggregation in (SINCE_LAST, SINCE_FIRST):
        rhythm.since(scratch, atom, slot, k0, k1, aggregation == SINCE_FIRST)
    elif aggregation == GAP_MEAN:
        rhythm.gap_mean(scratch, atom, slot, k0, k1)
    elif aggregation == GAP_STD:
        rhythm.gap_std(scratch, atom, slot, k0, k1)
    elif aggregation == GAP_MEDIAN:
        rhythm.gap_quantile(scratch, atom, slot, k0, k1, 0.5)
    elif aggregation == GAP_P90:
        rhythm.gap_quantile(scratch, atom, slot, k0, k1, 0.9)
    elif aggregation == GAP_LAST:
        rhythm.gap_last(scratch, atom, slot, k0, k1)


@compiled
def fill_absent(log: LogArrays, plan: PlanArrays, stream: int, rows: int, scratch: Scratch) -> None:
    """Fills the slots of a stream that has no event here: counts and sums are 0 as far as it was recorded."""
    for place in range(plan.atom_start[stream], plan.atom_start[stream + 1]):
        atom, slot = plan.atoms[place], scratch.slots[place]
        zero = atom[0] <= SUM or atom[0] == DISTINCT
        for k in range(rows):
            slot[k] = 0.0 if zero and atom[4] <= scratch.reach[k] else np.nan
