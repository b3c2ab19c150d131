"""One account: every number of its rows, stream by stream."""

import numpy as np
from numpy.typing import NDArray

from features.context import NEVER, UNKNOWN
from features.engine.arrays import LogArrays, WorldArrays
from features.engine.atoms import fill_absent, fill_atoms
from features.engine.jit import inlined, place
from features.engine.scratch import STRIDE, Scratch
from features.engine.streams import find_members, keep_visible, load_stream, to_active
from features.lowering import PlanArrays
from kqml.calendar import Instants


@inlined
def fill_account(
    log: LogArrays, world: WorldArrays, plan: PlanArrays, account: int, cutoffs: Instants, scratch: Scratch
) -> None:
    """Fills the slots of all atoms for one account at ascending cutoffs."""
    low = log.offsets[account]
    high = low + before(log.occurred_at[low : log.offsets[account + 1]], cutoffs[-1])
    to_active(world, cutoffs, len(cutoffs), scratch.active_cutoff)
    find_openings(log, world.opened_at[account], low, high, cutoffs, scratch)
    present = kinds_present(log.kind[low:high])
    for stream in range(len(plan.kinds)):
        kinds = plan.kinds[stream]
        reach_back(cutoffs, recorded_since(world.recorded_since, kinds), scratch)
        if kinds & present:
            members = find_members(log, low, high, kinds, scratch)
            fill_stream(log, world, plan, stream, members, cutoffs, scratch)
        else:
            fill_absent(log, plan, stream, len(cutoffs), scratch)


@inlined
def fill_stream(
    log: LogArrays, world: WorldArrays, plan: PlanArrays, stream: int, members: int, cutoffs: Instants, scratch: Scratch
) -> None:
    """Fills the slots of one stream: all rows at once, then those at which some past event was not yet known, each
    from what was known alone."""
    turn, late, k0, k1, known_before = 0, 0, 0, len(cutoffs), NEVER
    while turn <= late:
        n = keep_visible(log, members, known_before, scratch)
        load_stream(log, world, plan, stream, n, scratch)
        find_bounds(plan, stream, n, cutoffs, k0, k1, scratch)
        fill_atoms(plan, stream, k0, k1, scratch)
        if turn == 0:
            late = rows_with_late_events(cutoffs, scratch)
        if turn < late:
            k0 = scratch.late[turn]
            k1, known_before = k0 + 1, cutoffs[k0]
        turn += 1


@inlined
def rows_with_late_events(cutoffs: Instants, scratch: Scratch) -> int:
    """Lists in `late` the rows at which an event had occurred that only later became known; their number."""
    count = 0
    for k in range(len(cutoffs)):
        scratch.late[count] = k
        count += scratch.latest[scratch.edge[0, k]] >= cutoffs[k]
    return count


@inlined
def find_bounds(plan: PlanArrays, stream: int, n: int, cutoffs: Instants, k0: int, k1: int, scratch: Scratch) -> None:
    """Fills `edge`: for each bound of the stream the number of its `n` events before it."""
    first = plan.bound_start[stream]
    for bound in range(first, plan.bound_start[stream + 1]):
        back, edge = plan.bounds[bound], scratch.edge[bound - first]
        if k1 - k0 == 1:
            edge[k0] = before(scratch.time[:n], cutoffs[k0] - back)
        else:
            count_before(scratch.time, cutoffs, back, edge)


@inlined
def count_before(time: Instants, cutoffs: Instants, back: int, edge: NDArray[np.int64]) -> None:
    """For ascending cutoffs the number of events more than `back` before each; `time` ends with STRIDE times NEVER.

    A stride of events is compared at once: a loop that stops at the right event is guessed wrong at every cutoff.
    """
    event = place(0)
    for k in range(len(cutoffs)):
        limit = cutoffs[k] - back
        passed = STRIDE
        while passed == STRIDE:
            passed = 0
            for step in range(place(STRIDE)):
                passed += time[event + step] < limit
            event += place(passed)
        edge[k] = event


@inlined
def before(times: Instants, limit: int) -> int:
    """How many of ascending `times` lie before `limit`."""
    low, high = 0, len(times)
    while low < high:
        middle = (low + high) // 2
        if times[middle] < limit:
            low = middle + 1
        else:
            high = middle
    return low


@inlined
def find_openings(log: LogArrays, opened_at: int, low: int, high: int, cutoffs: Instants, scratch: Scratch) -> None:
    """Fills `opened`: the given opening, else the first event visible at each cutoff, else NEVER."""
    for k in range(len(cutoffs)):
        first = low
        while first < high and log.known_at[first] >= cutoffs[k] and log.occurred_at[first] < cutoffs[k]:
            first += 1
        seen = first < high and log.occurred_at[first] < cutoffs[k]
        scratch.opened[k] = opened_at if opened_at != UNKNOWN else log.occurred_at[first] if seen else NEVER


@inlined
def reach_back(cutoffs: Instants, recorded: int, scratch: Scratch) -> None:
    """Fills `reach`: the longest way back to which the stream tells everything, -1 where it tells nothing."""
    for k in range(len(cutoffs)):
        start = max(recorded, scratch.opened[k])
        scratch.reach[k] = cutoffs[k] - start if start <= cutoffs[k] else -1


@inlined
def recorded_since(since: Instants, kinds: int) -> int:
    """When the first of a stream's kinds began to be recorded."""
    earliest = NEVER
    for kind in range(len(since)):
        if (kinds >> kind) & 1:
            earliest = min(earliest, int(since[kind]))
    return earliest


@inlined
def kinds_present(kind: NDArray[np.uint8]) -> int:
    """The kinds among an account's events, as bits."""
    bits = 0
    for event in range(len(kind)):
        bits |= 1 << int(kind[event])
    return bits
