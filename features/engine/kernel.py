"""The kernel: fills the feature matrix, one account after another."""

import numpy as np
from numpy.typing import NDArray

from features.definitions import Operation, SeasonMeasure
from features.engine.account import fill_account
from features.engine.arrays import OPENS_COLUMN, LogArrays, RowArrays, WorldArrays
from features.engine.cells import add_to_cells, less_means, over_targets
from features.engine.jit import compiled, inlined, unsigned
from features.engine.retracting import next_retraction
from features.engine.scratch import Scratch
from features.engine.searching import before, recorded_since
from features.lowering import OPERATIONS, SEASONS, PlanArrays
from kqml.calendar.business_time import DAY_US, Instants

__all__ = ["add_to_cells", "fill_rows", "largest", "less_means", "over_targets"]

DIFFERENCE = OPERATIONS.index(Operation.DIFFERENCE)
YEAR_SIN = SEASONS.index(SeasonMeasure.YEAR_SIN)
YEAR_COS = SEASONS.index(SeasonMeasure.YEAR_COS)
FESTIVAL_AHEAD = SEASONS.index(SeasonMeasure.FESTIVAL_AHEAD)


@compiled
def largest(log: LogArrays, rows: RowArrays, first: int, last: int) -> tuple[int, int]:
    """Return the largest number of events and of rows that one account of rows `first:last` has.

    The first one also exceeds every number by which events refer to an opening event.
    """
    opens = log.codes[OPENS_COLUMN]
    events, most, run = 0, 0, 0
    for row in range(first, last):
        account = rows.account[row]
        run = run + 1 if row > first and rows.account[row - 1] == account else 1
        most = max(most, run)
        if run == 1:
            events = max(events, log.offsets[account + 1] - log.offsets[account])
            for event in range(log.offsets[account], log.offsets[account + 1] if len(opens) else 0):
                # `queue` is indexed by the number of an opening event in `close_by_reference`: it must hold the
                # largest.
                events = max(events, opens[event] + 1)
    return events, most


@compiled
def fill_rows(
    log: LogArrays,
    world: WorldArrays,
    plan: PlanArrays,
    rows: RowArrays,
    first: int,
    scratch: Scratch,
    out: NDArray[np.float64],
) -> None:
    """Write the features of the rows from `first` on to `out` (rows, F).

    Rows of an account are filled together as long as no retraction becomes known between them.
    """
    row, last = first, first + len(out)
    while row < last:
        account, stop = rows.account[row], row + 1
        until = next_retraction(log, account, rows.cutoff[row])
        while stop < last and rows.account[stop] == account and rows.cutoff[stop] <= until:
            stop += 1
        # Rows of one account go in together, so that its events are loaded once for all of its cutoffs.
        cutoffs, lines = rows.cutoff[row:stop], out[row - first : stop - first]
        fill_account(log, world, plan, account, cutoffs, scratch)
        combine(plan, len(cutoffs), scratch)
        fill_seasons(world, plan, cutoffs, scratch)
        write(plan, scratch, lines)
        fill_missing(world, plan, cutoffs, scratch, lines)
        row = stop


@inlined
def combine(plan: PlanArrays, rows: int, scratch: Scratch) -> None:
    """Fill the slots of combinations; a division by 0 is missing."""
    for part in range(len(plan.combined)):
        slot = scratch.slots[len(plan.atoms) + part]
        left, right = scratch.slots[plan.combined[part, 1]], scratch.slots[plan.combined[part, 2]]
        if plan.combined[part, 0] == DIFFERENCE:
            for k in range(rows):
                slot[k] = left[k] - right[k]
        else:
            for k in range(rows):
                slot[k] = left[k] / right[k] * plan.scale[part] if right[k] != 0 else np.nan


@inlined
def fill_seasons(world: WorldArrays, plan: PlanArrays, cutoffs: Instants, scratch: Scratch) -> None:
    """Fill the slots that depend on the cutoffs' local dates alone."""
    for season in range(len(plan.seasons)):
        slot = scratch.slots[len(plan.atoms) + len(plan.combined) + season]
        for k in range(len(cutoffs)):
            if plan.seasons[season] > YEAR_COS:
                slot[k] = days_to_festival(world, plan.seasons[season] == FESTIVAL_AHEAD, cutoffs[k])
                continue
            # `cutoff + 1`: a change at the cutoff itself is already in force.
            change = before(world.zone_changes, cutoffs[k] + 1)
            angle = 2 * np.pi * share_of_year((cutoffs[k] + world.zone_offsets[change]) // DAY_US)
            slot[k] = np.sin(angle) if plan.seasons[season] == YEAR_SIN else np.cos(angle)


@inlined
def days_to_festival(world: WorldArrays, ahead: bool, cutoff: int) -> float:
    """Return days until the next Spring Festival begins, or since the latest one began; NaN outside 1969 to 2100."""
    following = before(world.festivals, cutoff + 1)
    if following == 0 or following == len(world.festivals):
        return np.nan
    return float((world.festivals[following] - cutoff if ahead else cutoff - world.festivals[following - 1]) / DAY_US)


@inlined
def share_of_year(day: int) -> float:
    """Return the share of its year, in [0, 1), that lies before a day (days since 1970-01-01).

    Years have 365.2425 days and begin on March 1st (Hinnant, "chrono-compatible low-level date algorithms").
    """
    # 719468 days lie between 0000-03-01 and 1970-01-01; an era is 400 years or 146097 days. A year that begins in March
    # has its leap day last, so that the day of the year needs no table of months.
    shifted = day + 719468
    in_era = shifted - shifted // 146097 * 146097
    year = (in_era - in_era // 1460 + in_era // 36524 - in_era // 146096) // 365
    return (in_era - (365 * year + year // 4 - year // 100)) / 365.2425


@inlined
def write(plan: PlanArrays, scratch: Scratch, out: NDArray[np.float64]) -> None:
    """Copy slots to their columns."""
    for k in range(len(out)):
        for column in range(len(plan.outputs)):
            out[k, column] = scratch.slots[unsigned(plan.outputs[column]), k]


@inlined
def fill_missing(
    world: WorldArrays, plan: PlanArrays, cutoffs: Instants, scratch: Scratch, out: NDArray[np.float64]
) -> None:
    """Replace NaN by the column's fill where the windows were recorded completely, so that nothing had happened."""
    for column in range(len(plan.fills)):
        if np.isnan(plan.fills[column]):
            continue
        for k in range(len(cutoffs)):
            # A fill says "none happened". Where the window begins before records do, that is not known: it stays NaN.
            if np.isnan(out[k, column]) and is_recorded(world, plan, column, cutoffs[k], scratch.opened[k]):
                out[k, column] = plan.fills[column]


@inlined
def is_recorded(world: WorldArrays, plan: PlanArrays, column: int, cutoff: int, opened: int) -> bool:
    """Return whether every window under a column was recorded from its beginning."""
    for atom in range(plan.fill_start[column], plan.fill_start[column + 1]):
        stream, back = plan.fill_atoms[atom, 0], plan.fill_atoms[atom, 1]
        if cutoff - back < max(opened, recorded_since(world.recorded_since, plan.kinds[stream])):
            return False
    return True
