"""Fills the feature slots of one account, stream by stream."""

import numpy as np
from numpy.typing import NDArray

from features.context import NEVER, UNKNOWN
from features.engine.arrays import LogArrays, WorldArrays
from features.engine.atoms import fill_absent, fill_atoms
from features.engine.closings import closing_in, find_closings, tally_closings
from features.engine.jit import ZERO, inlined, unsigned
from features.engine.ledger import book_omissions
from features.engine.retracting import is_retracted
from features.engine.scratch import STRIDE, Scratch
from features.engine.searching import before, recorded_since
from features.engine.streams import find_members, keep_visible, load_stream, to_active
from features.lowering import CLOSING, PlanArrays
from kqml.calendar.business_time import Instants


@inlined
def fill_account(
    log: LogArrays, world: WorldArrays, plan: PlanArrays, account: int, cutoffs: Instants, scratch: Scratch
) -> None:
    """Fill the slots of all atoms for one account at ascending cutoffs, which see the same events retracted."""
    low = log.offsets[account]
    # Events from the last cutoff on are the future of every row and are never looked at.
    high = low + before(log.occurred_at[low : log.offsets[account + 1]], cutoffs[-1])
    to_active(world, cutoffs, len(cutoffs), scratch.active_cutoff)
    find_months(world, cutoffs, scratch)
    find_openings(log, world.opened_at[account], low, high, cutoffs, scratch)
    present = kinds_present(log.kind[low:high])
    for stream in range(len(plan.kinds)):
        kinds = plan.kinds[stream]
        reach_back(cutoffs, recorded_since(world.recorded_since, kinds), scratch)
        # Most accounts lack most kinds: one test of bits spares loading and searching empty streams.
        if kinds & present and plan.rules[stream] != CLOSING:
            members = find_members(log, low, high, kinds, cutoffs[0], scratch)
            fill_stream(log, world, plan, stream, members, cutoffs, scratch)
        else:
            fill_absent(log, plan, stream, len(cutoffs), scratch)
        fill_closings(log, world, plan, stream, (low, high), cutoffs, scratch)


@inlined
def fill_stream(
    log: LogArrays, world: WorldArrays, plan: PlanArrays, stream: int, members: int, cutoffs: Instants, scratch: Scratch
) -> None:
    """Fill the slots of one stream at all cutoffs, each from the events known before it."""
    turn, late, k0, k1, known_before = ZERO, ZERO, ZERO, len(cutoffs), NEVER
    # Turn 0 ignores `known_at` and fills every row. Rows at which some past event was still unknown are then filled
    # again, one at a time, from what was known. Late records are rare, so that the fast way serves nearly all rows.
    while turn <= late:
        n = keep_visible(log, members, known_before, scratch)
        load_stream(log, world, plan, stream, n, scratch)
        find_bounds(plan, stream, n, cutoffs, k0, k1, scratch)
        fill_atoms(plan, stream, k0, k1, cutoffs, scratch)
        if turn == 0:
            late = rows_with_late_events(cutoffs, scratch)
        if turn < late:
            k0 = scratch.late[turn]
            k1, known_before = k0 + 1, cutoffs[k0]
        turn += 1


@inlined
def fill_closings(
    log: LogArrays,
    world: WorldArrays,
    plan: PlanArrays,
    stream: int,
    bounds: tuple[int, int],
    cutoffs: Instants,
    scratch: Scratch,
) -> None:
    """Fill the slots of a stream with a Closing, or add the omissions of a stream with a Ledger.

    All rows at once: closings carry the instants at which they became known, so that late records need no second pass.
    """
    for row in range(plan.closing_start[stream], plan.closing_start[stream + 1]):
        n = find_closings(plan.closings[row], cutoffs, closing_in(log, bounds[0], bounds[1], cutoffs[0], scratch))
        answered = recorded_since(world.recorded_since, plan.closings[row, 1])
        if plan.rules[stream] == CLOSING:
            tally_closings(log, plan, stream, n, answered, cutoffs, scratch)
        elif n:
            book_omissions(plan, stream, row, n, answered, cutoffs, scratch)


@inlined
def rows_with_late_events(cutoffs: Instants, scratch: Scratch) -> int:
    """List in `late` the rows at which a past event was not yet known; return their number."""
    count = 0
    for k in range(len(cutoffs)):
        # Written before it is known to count, and overwritten if it does not: no branch to mispredict. Hence `late` has
        # one element more than there are rows.
        scratch.late[count] = k
        count += scratch.latest[scratch.edge[0, k]] >= cutoffs[k]
    return count


@inlined
def find_bounds(plan: PlanArrays, stream: int, n: int, cutoffs: Instants, k0: int, k1: int, scratch: Scratch) -> None:
    """Fill `edge`: for each bound of the stream the number of its `n` events before it."""
    first = plan.bound_start[stream]
    for bound in range(first, plan.bound_start[stream + 1]):
        back, edge = plan.bounds[bound], scratch.edge[bound - first]
        # A single row searches by halves; many ascending rows share one pass over the events.
        if k1 - k0 == 1:
            limit = cutoffs[k0] - back if back >= 0 else scratch.month[-1 - back, k0]
            edge[k0] = before(scratch.time[:n], limit)
        elif back >= 0:
            count_before(scratch.time, cutoffs, back, edge)
        else:
            for k in range(len(cutoffs)):
                edge[k] = before(scratch.time[:n], scratch.month[-1 - back, k])


@inlined
def count_before(time: Instants, cutoffs: Instants, back: int, edge: NDArray[np.int64]) -> None:
    """Fill `edge` with the number of events more than `back` before each of ascending cutoffs.

    `time` ends with STRIDE times NEVER. A stride of events is compared at once: the exit of a loop that stops at the
    right event would be mispredicted at every cutoff.
    """
    event = unsigned(0)
    for k in range(len(cutoffs)):
        # `event` carries over to the next cutoff, whose limit is not smaller.
        limit = cutoffs[k] - back
        passed = STRIDE
        while passed == STRIDE:
            passed = 0
            for step in range(unsigned(STRIDE)):
                passed += time[event + step] < limit
            event += unsigned(passed)
        edge[k] = event


@inlined
def find_months(world: WorldArrays, cutoffs: Instants, scratch: Scratch) -> None:
    """Fill `month`, `month_back`: when each cutoff's local month began, the one before it."""
    for k in range(len(cutoffs)):
        current = before(world.month_starts, cutoffs[k] + 1) - 1
        for back in range(2):
            scratch.month[back, k] = world.month_starts[current - back]
            scratch.month_back[back, k] = cutoffs[k] - scratch.month[back, k]


@inlined
def find_openings(log: LogArrays, opened_at: int, low: int, high: int, cutoffs: Instants, scratch: Scratch) -> None:
    """Fill `opened`: the given opening, else the first event visible at each cutoff, else NEVER."""
    for k in range(len(cutoffs)):
        first = low
        # Restarts at `low` for each cutoff: an event unknown at one cutoff may be known at the next. Usually one step.
        while first < high and log.occurred_at[first] < cutoffs[k]:
            if log.known_at[first] < cutoffs[k] and not is_retracted(log, first, cutoffs[0]):
                break
            first += 1
        before_cutoff = first < high and log.occurred_at[first] < cutoffs[k]
        scratch.opened[k] = opened_at if opened_at != UNKNOWN else log.occurred_at[first] if before_cutoff else NEVER


@inlined
def reach_back(cutoffs: Instants, recorded: int, scratch: Scratch) -> None:
    """Fill `reach`: how far back (µs) before each cutoff the stream is recorded completely, -1 where it is not."""
    for k in range(len(cutoffs)):
        # A window that reaches before the account opened or before records began is missing, not 0.
        start = max(recorded, scratch.opened[k])
        scratch.reach[k] = cutoffs[k] - start if start <= cutoffs[k] else -1


@inlined
def kinds_present(kind: NDArray[np.uint8]) -> int:
    """Return the kinds among an account's events, as bits."""
    bits = 0
    for event in range(len(kind)):
        bits |= 1 << int(kind[event])
    return bits
