"""Aggregations over windows: the number of one atom for rows `k0:k1` of an account.

A window is the stretch of the stream's events between two bounds; whatever is summed is the difference of two prefix
sums, so that its cost does not depend on the window's length. Where that difference is so small against the sums
that rounding could show in the tenth digit, the stretch is summed itself.
"""

import numpy as np
from numpy.typing import NDArray

from features.engine.jit import compiled
from features.engine.scratch import Scratch
from features.engine.streams import add_exactly
from features.lowering import LIFETIME

TRUSTED = 1e-6
"""Share of the prefix sums below which a difference of theirs is not trusted: double precision leaves 1e-16 of them."""


@compiled
def first_of(scratch: Scratch, bound: int, k: int) -> int:
    """The first event of a window."""
    return 0 if bound == LIFETIME else scratch.edge[bound, k]


@compiled
def out_of_reach(scratch: Scratch, atom: NDArray[np.int64], k: int) -> bool:
    """Whether the window begins before the stream was recorded or the account open."""
    return bool(atom[4] > scratch.reach[k])


@compiled
def count(scratch: Scratch, atom: NDArray[np.int64], slot: NDArray[np.float64], k0: int, k1: int) -> None:
    """Events."""
    begin, end, far = atom[2], atom[3], atom[4]
    for k in range(k0, k1):
        number = scratch.edge[end, k] - first_of(scratch, begin, k)
        slot[k] = np.nan if far > scratch.reach[k] else number


@compiled
def distinct_so_far(
    scratch: Scratch, atom: NDArray[np.int64], slot: NDArray[np.float64], k0: int, k1: int, seen: NDArray[np.int64]
) -> None:
    """Distinct days or weeks, from how many were seen up to each event."""
    for k in range(k0, k1):
        i, j = first_of(scratch, atom[2], k), scratch.edge[atom[3], k]
        number = seen[j] - seen[i + 1] + 1 if j > i else 0
        slot[k] = np.nan if out_of_reach(scratch, atom, k) else number


@compiled
def total(scratch: Scratch, atom: NDArray[np.int64], slot: NDArray[np.float64], k0: int, k1: int) -> None:
    """The sum of a value; 0 without events, missing where no event has the value."""
    sums, number = scratch.total[atom[1]], scratch.number[atom[1]]
    for k in range(k0, k1):
        i, j = first_of(scratch, atom[2], k), scratch.edge[atom[3], k]
        missing = out_of_reach(scratch, atom, k) or (j > i and number[j] == number[i])
        slot[k] = np.nan if missing else difference(sums, scratch.value[atom[1]], i, j)


@compiled
def mean(scratch: Scratch, atom: NDArray[np.int64], slot: NDArray[np.float64], k0: int, k1: int) -> None:
    """The mean of a value."""
    sums, number = scratch.total[atom[1]], scratch.number[atom[1]]
    for k in range(k0, k1):
        i, j = first_of(scratch, atom[2], k), scratch.edge[atom[3], k]
        missing = out_of_reach(scratch, atom, k) or number[j] == number[i]
        slot[k] = np.nan if missing else difference(sums, scratch.value[atom[1]], i, j) / (number[j] - number[i])


@compiled
def spread(
    scratch: Scratch, atom: NDArray[np.int64], slot: NDArray[np.float64], k0: int, k1: int, relative: bool
) -> None:
    """The standard deviation of a value, divided by its mean's size where `relative`."""
    row = atom[1]
    for k in range(k0, k1):
        i, j = first_of(scratch, atom[2], k), scratch.edge[atom[3], k]
        number = scratch.number[row, j] - scratch.number[row, i]
        if out_of_reach(scratch, atom, k) or number < 2:
            slot[k] = np.nan
            continue
        deviation = np.sqrt(squared_apart(scratch, row, i, j, number) / (number - 1))
        if relative:
            middle = abs(difference(scratch.total[row], scratch.value[row], i, j)) / number
            deviation = deviation / middle if middle > 0 else np.nan
        slot[k] = deviation


@compiled
def difference(sums: NDArray[np.float64], value: NDArray[np.float64], i: int, j: int) -> float:
    """The sum of the present values of events `i:j`."""
    apart = sums[j] - sums[i]
    if abs(apart) < TRUSTED * (abs(sums[i]) + abs(sums[j])):
        return summed(value, i, j)
    return float(apart)


@compiled
def summed(value: NDArray[np.float64], i: int, j: int) -> float:
    """The same, one by one."""
    high, low = 0.0, 0.0
    for event in range(i, j):
        if not np.isnan(value[event]):
            high, low = add_exactly(high, low, value[event])
    return high + low


@compiled
def squared_apart(scratch: Scratch, row: int, i: int, j: int, number: int) -> float:
    """The sum of squared distances from the mean of events `i:j`, `number` of which have a value."""
    shifted, squares = scratch.shifted[row], scratch.squares[row]
    moved = shifted[j] - shifted[i]
    apart = squares[j] - squares[i] - moved * moved / number
    risk = squares[i] + squares[j] + abs(moved) * (abs(shifted[i]) + abs(shifted[j])) / number
    if apart > 4 * TRUSTED * risk:
        return float(apart)
    return squared_apart_directly(scratch.value[row], i, j, number)


@compiled
def squared_apart_directly(value: NDArray[np.float64], i: int, j: int, number: int) -> float:
    """The same in two passes around the first value, exactly 0 for equal values."""
    first, high, low = np.nan, 0.0, 0.0
    for event in range(i, j):
        if not np.isnan(value[event]):
            first = value[event] if np.isnan(first) else first
            high, low = add_exactly(high, low, value[event] - first)
    middle = (high + low) / number
    high, low = 0.0, 0.0
    for event in range(i, j):
        if not np.isnan(value[event]):
            high, low = add_exactly(high, low, (value[event] - first - middle) ** 2)
    return high + low


@compiled
def maximum(scratch: Scratch, atom: NDArray[np.int64], slot: NDArray[np.float64], k0: int, k1: int) -> None:
    """The largest value, by a queue of candidates whose values fall."""
    value, queue = scratch.value[atom[1]], scratch.queue
    head, tail, taken = 0, 0, first_of(scratch, atom[2], k0)
    for k in range(k0, k1):
        i, j = first_of(scratch, atom[2], k), scratch.edge[atom[3], k]
        taken = max(taken, i)
        for event in range(taken, j):
            if not np.isnan(value[event]):
                while tail > head and value[queue[tail - 1]] <= value[event]:
                    tail -= 1
                queue[tail] = event
                tail += 1
        taken = max(taken, j)
        while head < tail and queue[head] < i:
            head += 1
        slot[k] = np.nan if out_of_reach(scratch, atom, k) or head == tail else value[queue[head]]


@compiled
def distinct(scratch: Scratch, atom: NDArray[np.int64], slot: NDArray[np.float64], k0: int, k1: int) -> None:
    """Distinct codes, by how often each is in the window that slides; missing where events have none at all."""
    code, seen = scratch.code[atom[1]], scratch.seen
    i = first_of(scratch, atom[2], k0)
    j, found = i, 0
    seen[: scratch.edge[atom[3], k1 - 1]] = 0
    for k in range(k0, k1):
        start, stop = first_of(scratch, atom[2], k), scratch.edge[atom[3], k]
        while j < stop:
            if code[j] >= 0:
                found += seen[code[j]] == 0
                seen[code[j]] += 1
            j += 1
        while i < start:
            if code[i] >= 0:
                seen[code[i]] -= 1
                found -= seen[code[i]] == 0
            i += 1
        missing = out_of_reach(scratch, atom, k) or (found == 0 and stop > start)
        slot[k] = np.nan if missing else found
