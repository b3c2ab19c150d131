"""One stream of one account: its visible events with prefix sums and codes."""

import numpy as np
from numpy.typing import NDArray

from features.context import NEVER
from features.engine.arrays import LogArrays, WorldArrays
from features.engine.jit import inlined
from features.engine.ledger import load_booked, load_known
from features.engine.scratch import STRIDE, Scratch
from features.engine.windows import add_exactly
from features.lowering import CARD, COUNTED_VALUE, LEDGER, PlanArrays
from kqml.calendar.business_time import DAY_US, Instants
from kqml.history.event_log import VALUES

MINUTES, AUTHENTICITY = VALUES.index("minutes"), VALUES.index("authenticity")


@inlined
def find_members(log: LogArrays, low: int, high: int, kinds: int, cutoff: int, scratch: Scratch) -> int:
    """Fill `members` with the indices of the stream's events among `low:high`, without those that `cutoff` sees
    retracted; return their number."""
    count = 0
    for event in range(low, high):
        # Branch-free compaction: every event is written, `count` moves on only for members. Kinds alternate without a
        # pattern, so that a branch would be mispredicted about as often as it is taken.
        scratch.members[count] = event
        count += int((kinds >> np.int64(log.kind[event])) & 1)
    return drop_retracted(log, count, cutoff, scratch) if len(log.retracted_at) else count


@inlined
def drop_retracted(log: LogArrays, count: int, cutoff: int, scratch: Scratch) -> int:
    """Leave the members that `cutoff` does not see retracted; return their number."""
    retained = 0
    for member in range(count):
        scratch.members[retained] = scratch.members[member]
        retained += log.retracted_at[scratch.members[member]] >= cutoff
    return retained


@inlined
def keep_visible(log: LogArrays, count: int, cutoff: int, scratch: Scratch) -> int:
    """Fill `visible` with the members known before `cutoff`; return their number."""
    retained = 0
    for member in range(count):
        event = scratch.members[member]
        scratch.visible[retained] = event
        retained += log.known_at[event] < cutoff
    return retained


@inlined
def load_stream(log: LogArrays, world: WorldArrays, plan: PlanArrays, stream: int, n: int, scratch: Scratch) -> None:
    """Fill the arrays of events from the `n` indices in `visible`."""
    load_times(log, n, scratch)
    load_active(world, n, scratch)
    if plan.days[stream]:
        load_days(world, n, scratch)
    first = plan.value_start[stream]
    for value in range(first, plan.value_start[stream + 1]):
        if plan.values[value, 0] == COUNTED_VALUE:
            load_counted(log, plan, n, value - first, scratch)
        else:
            load_value(log.values[plan.values[value, 0]], n, value - first, scratch)
        sum_value(n, value - first, scratch)
        if plan.values[value, 1]:
            load_squares(n, value - first, scratch)
    if plan.rules[stream] == LEDGER:
        load_booked(log, plan, n, scratch)
    elif plan.rules[stream] == CARD:
        load_known(log, plan, n, scratch)
    for column in range(3):
        if (plan.codes[stream] >> column) & 1:
            load_codes(log.codes[column], n, column, scratch)


@inlined
def load_times(log: LogArrays, n: int, scratch: Scratch) -> None:
    """Fill `time` and `latest`: the latest instant at which one of the first i events became known."""
    scratch.latest[0] = np.iinfo(np.int64).min
    for i in range(n):
        event = scratch.visible[i]
        scratch.time[i] = log.occurred_at[event]
        scratch.latest[i + 1] = max(scratch.latest[i], log.known_at[event])
    # Sentinels: `count_before` compares STRIDE events at once and needs no check of the end.
    scratch.time[n : n + STRIDE] = NEVER


@inlined
def load_active(world: WorldArrays, n: int, scratch: Scratch) -> None:
    """Fill `active`: times less the quiet time before them."""
    to_active(world, scratch.time, n, scratch.active)


@inlined
def to_active(world: WorldArrays, times: Instants, n: int, active: Instants) -> None:
    """Fill `active` with the first `n` of ascending `times`, less the quiet time before each."""
    period, past, periods = 0, 0, len(world.quiet_starts)
    for i in range(n):
        while period < periods and world.quiet_ends[period] <= times[i]:
            past += world.quiet_ends[period] - world.quiet_starts[period]
            period += 1
        # Inside a quiet period the clock stands still at its beginning.
        inside = period < periods and world.quiet_starts[period] < times[i]
        active[i] = (world.quiet_starts[period] if inside else times[i]) - past


@inlined
def load_days(world: WorldArrays, n: int, scratch: Scratch) -> None:
    """Fill `days`, `weeks`: the number of distinct local days and Monday weeks of the first i events."""
    change, changes = 0, len(world.zone_changes)
    scratch.days[0], scratch.weeks[0] = 0, 0
    day, week = 0, 0
    for i in range(n):
        time = scratch.time[i]
        while change < changes and world.zone_changes[change] <= time:
            change += 1
        today = (time + world.zone_offsets[change]) // DAY_US
        # Day 0 (1970-01-01) was a Thursday; + 3 lets weeks begin on Monday.
        this_week = (today + 3) // 7
        scratch.days[i + 1] = scratch.days[i] + (i == 0 or today != day)
        scratch.weeks[i + 1] = scratch.weeks[i] + (i == 0 or this_week != week)
        day, week = today, this_week


@inlined
def load_value(column: NDArray[np.float64], n: int, row: int, scratch: Scratch) -> None:
    """Fill a row of `value` from a column of the log, NaN where the log has none."""
    value = scratch.value[row]
    for i in range(n):
        value[i] = column[scratch.visible[i]] if len(column) else np.nan


@inlined
def load_counted(log: LogArrays, plan: PlanArrays, n: int, row: int, scratch: Scratch) -> None:
    """Fill a row of `value` with what each contact counts: less than 1 where it was too short or not authentic.

    A contact without recorded minutes or authenticity counts in full.
    """
    minutes, authenticity = log.values[MINUTES], log.values[AUTHENTICITY]
    least, part = plan.counting[len(plan.counting) - 2], plan.counting[len(plan.counting) - 1]
    for i in range(n):
        event = scratch.visible[i]
        short = len(minutes) > 0 and minutes[event] < plan.counting[log.kind[event]]
        unreal = len(authenticity) > 0 and authenticity[event] < least
        scratch.value[row, i] = part if short or unreal else 1.0


@inlined
def sum_value(n: int, row: int, scratch: Scratch) -> None:
    """Fill `number` and `total`: running count and compensated sum of a value (Neumaier 1974)."""
    value, number, total = scratch.value[row], scratch.number[row], scratch.total[row]
    number[0], total[0] = 0, 0.0
    high, low = 0.0, 0.0
    for i in range(n):
        item = value[i]
        present = not np.isnan(item)
        # A compensated sum costs four additions and keeps differences of prefix sums exact to about 1e-16 of the total.
        high, low = add_exactly(high, low, item if present else 0.0)
        number[i + 1] = number[i] + present
        total[i + 1] = high + low


@inlined
def load_squares(n: int, row: int, scratch: Scratch) -> None:
    """Fill `shifted` and `squares`: running sums of a value less the first one, and of the squares of that."""
    value, shifted, squares = scratch.value[row], scratch.shifted[row], scratch.squares[row]
    shifted[0], squares[0] = 0.0, 0.0
    first, high, low, high2, low2 = np.nan, 0.0, 0.0, 0.0, 0.0
    for i in range(n):
        # Squares around the first value instead of 0: order amounts of 10,000 ± 1 would lose all digits of their
        # variance.
        if np.isnan(first):
            first = value[i]
        apart = 0.0 if np.isnan(value[i]) else value[i] - first
        high, low = add_exactly(high, low, apart)
        high2, low2 = add_exactly(high2, low2, apart * apart)
        shifted[i + 1], squares[i + 1] = high + low, high2 + low2


@inlined
def load_codes(column: NDArray[np.int32], n: int, row: int, scratch: Scratch) -> None:
    """Fill a row of `code`: a code column renumbered from 0 in order of appearance, -1 where absent.

    A hash table with open addressing; `queue` maps each new number to its code.
    """
    size = 2
    while size < 2 * n:
        size *= 2
    scratch.table[:size] = -1
    result = 0
    for i in range(n):
        wanted = column[scratch.visible[i]] if len(column) else -1
        if wanted < 0:
            scratch.code[row, i] = -1
            continue
        # Multiplicative hashing by 2^32 / golden ratio (Knuth, TAOCP 6.4); at most half full, so that probes stay
        # short.
        slot = (wanted * 2654435761) & (size - 1)
        while scratch.table[slot] >= 0 and scratch.queue[scratch.table[slot]] != wanted:
            slot = (slot + 1) & (size - 1)
        if scratch.table[slot] < 0:
            scratch.table[slot] = result
            scratch.queue[result] = wanted
            result += 1
        scratch.code[row, i] = scratch.table[slot]
