"""Searches in sorted instants and bit masks."""

from features.context import NEVER
from features.engine.jit import inlined
from kqml.calendar.business_time import Instants


@inlined
def before(times: Instants, limit: int) -> int:
    """Return how many of ascending `times` lie before `limit`."""
    low, high = 0, len(times)
    while low < high:
        middle = (low + high) // 2
        if times[middle] < limit:
            low = middle + 1
        else:
            high = middle
    return low


@inlined
def recorded_since(since: Instants, kinds: int) -> int:
    """Return when the first of some kinds (bits) began to be recorded."""
    earliest = NEVER
    for kind in range(len(since)):
        if (kinds >> kind) & 1:
            earliest = min(earliest, int(since[kind]))
    return earliest
