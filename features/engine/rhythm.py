"""Aggregations over all that is visible: recency, the gaps between events, in days of active time."""

import numpy as np
from numpy.typing import NDArray

from features.engine.jit import compiled
from features.engine.scratch import Scratch
from kqml.calendar import DAY_US


@compiled
def since(scratch: Scratch, atom: NDArray[np.int64], slot: NDArray[np.float64], k0: int, k1: int, first: bool) -> None:
    """Days since the last event, or since the first one."""
    for k in range(k0, k1):
        n = scratch.edge[0, k]
        event = 0 if first else n - 1
        slot[k] = (scratch.active_cutoff[k] - scratch.active[event]) / DAY_US if n else np.nan


@compiled
def gap_mean(scratch: Scratch, atom: NDArray[np.int64], slot: NDArray[np.float64], k0: int, k1: int) -> None:
    """The mean of the last gaps, exactly, from the two ends of their stretch."""
    for k in range(k0, k1):
        newest = scratch.edge[0, k] - 1
        gaps = min(atom[5], newest)
        stretch = scratch.active[newest] - scratch.active[newest - gaps] if gaps > 0 else 0
        slot[k] = stretch / gaps / DAY_US if gaps > 0 else np.nan


@compiled
def gap_last(scratch: Scratch, atom: NDArray[np.int64], slot: NDArray[np.float64], k0: int, k1: int) -> None:
    """The newest gap."""
    for k in range(k0, k1):
        newest = scratch.edge[0, k] - 1
        slot[k] = (scratch.active[newest] - scratch.active[newest - 1]) / DAY_US if newest > 0 else np.nan


@compiled
def gap_std(scratch: Scratch, atom: NDArray[np.int64], slot: NDArray[np.float64], k0: int, k1: int) -> None:
    """The standard deviation of the last gaps."""
    active = scratch.active
    for k in range(k0, k1):
        newest = scratch.edge[0, k] - 1
        gaps = min(atom[5], newest)
        if gaps < 2:
            slot[k] = np.nan
            continue
        middle = (active[newest] - active[newest - gaps]) / gaps
        squares = 0.0
        for event in range(newest - gaps, newest):
            squares += ((active[event + 1] - active[event]) - middle) ** 2
        slot[k] = np.sqrt(squares / (gaps - 1)) / DAY_US


@compiled
def gap_quantile(
    scratch: Scratch, atom: NDArray[np.int64], slot: NDArray[np.float64], k0: int, k1: int, share: float
) -> None:
    """A quantile of the last gaps, linear between ranks; the gaps are kept sorted while they slide."""
    ranked, active, last = scratch.queue, scratch.active, atom[5]
    size = 0
    done = max(0, scratch.edge[0, k0] - 1 - last)
    for k in range(k0, k1):
        newest = scratch.edge[0, k] - 1
        done = max(done, newest - last) if size == 0 else done
        while done < newest:
            if size == last:
                size = take_out(ranked, size, active[done - last + 1] - active[done - last])
            size = put_in(ranked, size, active[done + 1] - active[done])
            done += 1
        slot[k] = between_ranks(ranked, size, share) / DAY_US if size else np.nan


@compiled
def put_in(ranked: NDArray[np.int64], size: int, gap: int) -> int:
    """Inserts a gap into the first `size` sorted ones; the answer is the new size."""
    place = size
    while place > 0 and ranked[place - 1] > gap:
        ranked[place] = ranked[place - 1]
        place -= 1
    ranked[place] = gap
    return size + 1


@compiled
def take_out(ranked: NDArray[np.int64], size: int, gap: int) -> int:
    """Removes one gap of that length; the answer is the new size."""
    place = 0
    while ranked[place] != gap:
        place += 1
    for other in range(place, size - 1):
        ranked[other] = ranked[other + 1]
    return size - 1


@compiled
def between_ranks(ranked: NDArray[np.int64], size: int, share: float) -> float:
    """The quantile of sorted gaps, as `numpy.quantile` has it."""
    position = share * (size - 1)
    below = int(position)
    above = min(below + 1, size - 1)
    return float(ranked[below] + (ranked[above] - ranked[below]) * (position - below))
