"""Binary search in many stretches of ascending times at once."""

import numpy as np
from numpy.typing import NDArray

from kqml.calendar.business_time import Instants

Indices = NDArray[np.int64]

BLOCK_ROWS = 1 << 15
"""Rows searched together: what fits a core's cache."""


def first_at_or_after(times: Instants, low: Indices, high: Indices, instants: Instants) -> Indices:
    """Return per row the first index in `low:high` whose time is at or after the instant; `high` where there is none.

    `times` ascends within each `low:high`.
    """
    result = np.empty(len(low), dtype=np.int64)
    for start in range(0, len(low), BLOCK_ROWS):
        rows = slice(start, start + BLOCK_ROWS)
        result[rows] = _halved(times, low[rows], high[rows], instants[rows])
    return result


def _halved(times: Instants, low: Indices, high: Indices, instants: Instants) -> Indices:
    """Search all ranges by halves at once, until the longest is empty."""
    longest = int((high - low).max(initial=0))
    for _ in range(longest.bit_length()):
        middle = (low + high) >> 1
        open_ = low < high
        earlier = open_ & (times[np.minimum(middle, len(times) - 1)] < instants)
        low = np.where(earlier, middle + 1, low)
        high = np.where(open_ & ~earlier, middle, high)
    return low
