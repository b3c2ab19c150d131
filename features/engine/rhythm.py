"""Aggregations over all visible events: recency and the gaps between events, in days of active time.

`seen`: per row the number of the stream's visible events. `active`: the events' times on the active clock (µs).
"""

import numpy as np
from numpy.typing import NDArray

from features.engine.jit import ONE, inlined, unsigned
from kqml.calendar.business_time import DAY_US, Instants

Numbers = NDArray[np.float64]
Indices = NDArray[np.int64]


@inlined
def since(visible: Indices, active: Instants, cutoff: Instants, first: bool, slot: Numbers) -> None:
    """Fill the days from the last event, or from the first one, to the cutoff."""
    for k in range(len(slot)):
        event = 0 if first else visible[k] - 1
        slot[k] = (cutoff[k] - active[event]) / DAY_US if visible[k] else np.nan


@inlined
def gap_mean(visible: Indices, active: Instants, last: int, slot: Numbers) -> None:
    """Fill the mean of the last gaps, in days."""
    for k in range(len(slot)):
        newest = visible[k] - 1
        gaps = min(last, newest)
        # The sum of consecutive gaps telescopes to the difference of their two ends, in exact integers.
        slot[k] = (active[newest] - active[newest - gaps]) / gaps / DAY_US if gaps > 0 else np.nan


@inlined
def gap_std(visible: Indices, active: Instants, last: int, slot: Numbers) -> None:
    """Fill the standard deviation (n − 1) of the last gaps, in days."""
    for k in range(len(slot)):
        newest = visible[k] - 1
        gaps = min(last, newest)
        if gaps < 2:
            slot[k] = np.nan
            continue
        middle = (active[newest] - active[newest - gaps]) / gaps
        squares = 0.0
        # Directly, not from prefix sums: `last` is small, and a sum of squares of µs would lose digits.
        for event in range(newest - gaps, newest):
            squares += ((active[event + 1] - active[event]) - middle) ** 2
        slot[k] = np.sqrt(squares / (gaps - 1)) / DAY_US


@inlined
def gap_quantile(visible: Indices, active: Instants, last: int, share: float, ranked: Indices, slot: Numbers) -> None:
    """Fill a quantile of the last gaps, linear between ranks; `ranked` holds the sorted gaps of a sliding window."""
    size, done = 0, 0
    for k in range(len(slot)):
        newest = visible[k] - 1
        # Rows before the second event leave nothing sorted; the first one that has gaps begins with its own last ones.
        if size == 0:
            done = max(0, newest - last)
        while done < newest:
            gap = active[done + 1] - active[done]
            if size < last:
                ranked[size] = gap
                size += 1
                shift(ranked, size, unsigned(size - 1))
            else:
                exchange(ranked, size, active[done - last + 1] - active[done - last], gap)
            done += 1
        slot[k] = between_ranks(ranked, size, share) / DAY_US if size else np.nan


@inlined
def exchange(ranked: Indices, size: int, old: int, new: int) -> None:
    """Replace an old gap by a new one, and keep `ranked` sorted."""
    low, high = unsigned(0), unsigned(size - 1)
    while low < high:
        middle = (low + high) >> ONE
        # Any of several equal gaps will do: only values are kept.
        if ranked[middle] < old:
            low = middle + ONE
        else:
            high = middle
    ranked[low] = new
    shift(ranked, size, low)


@inlined
def shift(ranked: Indices, size: int, at: int) -> None:
    """Move the one gap that may be out of order to where it belongs."""
    gap, here, last = ranked[at], at, unsigned(size - 1)
    while here > unsigned(0) and ranked[here - ONE] > gap:
        ranked[here] = ranked[here - ONE]
        here -= ONE
    while here < last and ranked[here + ONE] < gap:
        ranked[here] = ranked[here + ONE]
        here += ONE
    ranked[here] = gap


@inlined
def between_ranks(ranked: Indices, size: int, share: float) -> float:
    """Return the quantile of sorted gaps by NumPy's default method."""
    # The same operations in the same order as NumPy's "linear" method, so that oracles agree to the bit.
    position = share * (size - 1)
    below = int(position)
    above = min(below + 1, size - 1)
    return float(ranked[below] + (ranked[above] - ranked[below]) * (position - below))
