"""Aggregations over windows: fill one atom's slot for the rows of an account.

A window is the range of the stream's events between two bounds. A sum over it is the difference of two prefix sums, so
that its cost does not depend on the window's length; where cancellation could show in the tenth digit, the events of
the window are summed directly.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from features.engine.jit import ONE, inlined, unsigned
from kqml.calendar.business_time import Instants

TRUSTED = 1e-6
"""Share of the prefix sums below which a difference of theirs is not trusted: double precision leaves 1e-16 of them."""

Numbers = NDArray[np.float64]
Indices = NDArray[np.int64]


class Window(NamedTuple):
    """Per row the first event of the window, the first after it; how far back windows may begin at that row, how far
    back this one does."""

    starts: Indices
    stops: Indices
    reach: Instants
    back: int


class Sums(NamedTuple):
    """A value of the stream's events with its prefix sums (features.engine.scratch)."""

    value: Numbers
    number: Indices
    total: Numbers
    shifted: Numbers
    squares: Numbers


@inlined
def count(window: Window, slot: Numbers) -> None:
    """Fill the number of events."""
    for k in range(len(slot)):
        number = window.stops[k] - window.starts[k]
        slot[k] = np.nan if window.back > window.reach[k] else number


@inlined
def distinct_so_far(window: Window, running_number: Indices, slot: Numbers) -> None:
    """Fill the number of distinct days or weeks, from their running number."""
    for k in range(len(slot)):
        i, j = unsigned(window.starts[k]), unsigned(window.stops[k])
        number = running_number[j] - running_number[i + ONE] + 1 if j > i else 0
        slot[k] = np.nan if window.back > window.reach[k] else number


@inlined
def total(window: Window, sums: Sums, slot: Numbers) -> None:
    """Fill the sum of a value; 0 without events, NaN where no event has the value."""
    for k in range(len(slot)):
        i, j = unsigned(window.starts[k]), unsigned(window.stops[k])
        missing = window.back > window.reach[k] or (j > i and sums.number[j] == sums.number[i])
        slot[k] = np.nan if missing else difference(sums.total, sums.value, i, j)


@inlined
def mean(window: Window, sums: Sums, slot: Numbers) -> None:
    """Fill the mean of a value."""
    for k in range(len(slot)):
        i, j = unsigned(window.starts[k]), unsigned(window.stops[k])
        number = sums.number[j] - sums.number[i]
        missing = window.back > window.reach[k] or number == 0
        slot[k] = np.nan if missing else difference(sums.total, sums.value, i, j) / number


@inlined
def spread(window: Window, sums: Sums, relative: bool, slot: Numbers) -> None:
    """Fill the standard deviation (n − 1) of a value, divided by the size of its mean where `relative`."""
    for k in range(len(slot)):
        i, j = unsigned(window.starts[k]), unsigned(window.stops[k])
        number = sums.number[j] - sums.number[i]
        if window.back > window.reach[k] or number < 2:
            slot[k] = np.nan
            continue
        deviation = np.sqrt(squared_apart(sums, i, j, number) / (number - 1))
        if relative:
            middle = abs(difference(sums.total, sums.value, i, j)) / number
            deviation = deviation / middle if middle > 0 else np.nan
        slot[k] = deviation


@inlined
def difference(sums: Numbers, value: Numbers, i: int, j: int) -> float:
    """Return the sum of the present values of events `i:j`."""
    apart = sums[j] - sums[i]
    # Cancellation: two large prefix sums that nearly agree have few common digits left to subtract.
    if abs(apart) < TRUSTED * (abs(sums[i]) + abs(sums[j])):
        return summed(value, i, j)
    return float(apart)


@inlined
def summed(value: Numbers, i: int, j: int) -> float:
    """Return the same sum, added up event by event."""
    high, low = 0.0, 0.0
    for event in range(i, j):
        if not np.isnan(value[event]):
            high, low = add_exactly(high, low, value[event])
    return high + low


@inlined
def squared_apart(sums: Sums, i: int, j: int, number: int) -> float:
    """Return the sum of squared distances from the mean of events `i:j`, `number` of which have a value."""
    shifted, squares = sums.shifted, sums.squares
    moved = shifted[j] - shifted[i]
    apart = squares[j] - squares[i] - moved * moved / number
    # The rounding error grows with the size of the subtracted terms (Higham, Accuracy and Stability, §1.9).
    risk = squares[i] + squares[j] + abs(moved) * (abs(shifted[i]) + abs(shifted[j])) / number
    if apart > 4 * TRUSTED * risk:
        return float(apart)
    return squared_apart_directly(sums.value, i, j, number)


@inlined
def squared_apart_directly(value: Numbers, i: int, j: int, number: int) -> float:
    """Return the same sum of squares in two passes; exactly 0 for equal values."""
    first, high, low = np.nan, 0.0, 0.0
    for event in range(i, j):
        if not np.isnan(value[event]):
            # Around the first value instead of 0: equal values then give exactly 0, whatever their size.
            first = value[event] if np.isnan(first) else first
            high, low = add_exactly(high, low, value[event] - first)
    middle = (high + low) / number
    high, low = 0.0, 0.0
    for event in range(i, j):
        if not np.isnan(value[event]):
            high, low = add_exactly(high, low, (value[event] - first - middle) ** 2)
    return high + low


@inlined
def add_exactly(high: float, low: float, item: float) -> tuple[float, float]:
    """Return `high + low + item` as a rounded sum and the rounding error (TwoSum; Knuth, TAOCP 4.2.2)."""
    total = high + item
    # Not simplified: with `fastmath` off the compiler keeps these operations, which recover the rounding error exactly.
    rounded = total - high
    return total, low + ((high - (total - rounded)) + (item - rounded))


@inlined
def extreme(window: Window, value: Numbers, sign: float, queue: Indices, slot: Numbers) -> None:
    """Fill the largest value, or with sign -1 the smallest, by a monotone queue."""
    head, tail, taken = unsigned(0), unsigned(0), unsigned(window.starts[0])
    for k in range(len(slot)):
        i, j = unsigned(window.starts[k]), unsigned(window.stops[k])
        for event in range(max(taken, i), j):
            if not np.isnan(value[event]):
                # A candidate that is older and not larger can never be the answer again (monotone queue: amortised O(1)
                # an event).
                while tail > head and sign * value[unsigned(queue[tail - ONE])] <= sign * value[event]:
                    tail -= ONE
                queue[tail] = event
                tail += ONE
        taken = max(taken, j)
        while head < tail and unsigned(queue[head]) < i:
            head += ONE
        empty = window.back > window.reach[k] or head == tail
        slot[k] = np.nan if empty else value[unsigned(queue[head])]


@inlined
def only_one(slot: Numbers) -> None:
    """Turn a number into 1 where it is 1, else 0; NaN stays NaN."""
    for k in range(len(slot)):
        if not np.isnan(slot[k]):
            slot[k] = 1.0 if slot[k] == 1.0 else 0.0


@inlined
def distinct(window: Window, code: Indices, seen: Indices, slot: Numbers) -> None:
    """Fill the number of distinct codes in the sliding window; NaN where its events have no code at all."""
    i = window.starts[0]
    j, result = i, 0
    # Codes were renumbered from 0 in order of appearance, so that events before the last stop have smaller codes.
    seen[: window.stops[-1]] = 0
    for k in range(len(slot)):
        while j < window.stops[k]:
            if code[j] >= 0:
                result += seen[code[j]] == 0
                seen[code[j]] += 1
            j += 1
        while i < window.starts[k]:
            if code[i] >= 0:
                seen[code[i]] -= 1
                result -= seen[code[i]] == 0
            i += 1
        # Events without a single code: the column was not filled, which is not the same as no rep or no product.
        missing = window.back > window.reach[k] or (result == 0 and j > i)
        slot[k] = np.nan if missing else result
