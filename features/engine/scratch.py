"""The working memory of the kernel: made once per call, used for one account after another."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from features.engine.arrays import LogArrays, RowArrays
from features.engine.jit import inlined
from features.lowering import PlanArrays
from kqml.calendar import Instants

STRIDE = 8
"""Events that are compared with a bound at once; `time` has so many more places."""


class Scratch(NamedTuple):
    """Room for one account's K rows and the n events of one stream.

    Of rows: `active_cutoff`; `opened`, when the account opened as seen at the cutoff; `reach`, how far back windows
    of the stream may go; `edge`, per bound of the stream the number of its events before it; `slots`, the numbers;
    `late`, the rows to do again. The last line of `edge` is all 0, where windows without days begin (LIFETIME).
    Of events: `members`, all of the stream as places in the log; `kept`, those of them that are visible; of the
    visible ones `time`, `active`, `latest` (running maximum of `known_at`), `days`, `weeks` (distinct ones so far);
    per value `value` with its prefix sums `number` (values present), `total`, `shifted`, `squares` (of the value
    less the first one); per code column `code`, small numbers from 0, -1 where absent.
    `table`, `seen`, `queue` are for hashing, counting, sliding.
    """

    active_cutoff: Instants
    opened: Instants
    reach: Instants
    edge: NDArray[np.int64]
    slots: NDArray[np.float64]
    members: NDArray[np.int64]
    kept: NDArray[np.int64]
    time: Instants
    active: Instants
    latest: Instants
    days: NDArray[np.int64]
    weeks: NDArray[np.int64]
    value: NDArray[np.float64]
    number: NDArray[np.int64]
    total: NDArray[np.float64]
    shifted: NDArray[np.float64]
    squares: NDArray[np.float64]
    code: NDArray[np.int64]
    table: NDArray[np.int64]
    seen: NDArray[np.int64]
    queue: NDArray[np.int64]
    late: NDArray[np.int64]


@inlined
def make_scratch(log: LogArrays, rows: RowArrays, plan: PlanArrays, first: int, last: int) -> Scratch:
    """Room for the largest account of rows `first:last` under `plan`."""
    n, k = largest(log, rows, first, last)
    bounds = widest(plan.bound_start)
    values = widest(plan.value_start)
    codes = 3 if plan.codes.any() else 0
    slots = len(plan.atoms) + len(plan.combined) + len(plan.seasons)
    gaps = plan.atoms[:, 5].max() if len(plan.atoms) else 0
    return Scratch(
        np.empty(k, np.int64),
        np.empty(k, np.int64),
        np.empty(k, np.int64),
        np.zeros((bounds + 1, k), np.int64),
        np.empty((slots, k), np.float64),
        np.empty(n, np.int64),
        np.empty(n + 1, np.int64),
        np.empty(n + STRIDE, np.int64),
        np.empty(n, np.int64),
        np.empty(n + 1, np.int64),
        np.empty(n + 1, np.int64),
        np.empty(n + 1, np.int64),
        np.empty((values, n), np.float64),
        np.empty((values, n + 1), np.int64),
        np.empty((values, n + 1), np.float64),
        np.empty((values, n + 1), np.float64),
        np.empty((values, n + 1), np.float64),
        np.empty((codes, n), np.int64),
        np.empty(table_size(n) if codes else 0, np.int64),
        np.empty(n, np.int64),
        np.empty(max(n, gaps) + 1, np.int64),
        np.empty(k + 1, np.int64),
    )


@inlined
def largest(log: LogArrays, rows: RowArrays, first: int, last: int) -> tuple[int, int]:
    """The most events and the most rows that one account of the stretch has."""
    events, most, run = 0, 0, 0
    for row in range(first, last):
        account = rows.account[row]
        run = run + 1 if row > first and rows.account[row - 1] == account else 1
        most = max(most, run)
        events = max(events, log.offsets[account + 1] - log.offsets[account])
    return events, most


@inlined
def widest(starts: NDArray[np.int64]) -> int:
    """The longest stretch that `starts` delimits."""
    longest = 0
    for place in range(len(starts) - 1):
        longest = max(longest, starts[place + 1] - starts[place])
    return longest


@inlined
def table_size(n: int) -> int:
    """A power of two at least twice `n`."""
    size = 4
    while size < 2 * n:
        size *= 2
    return size
