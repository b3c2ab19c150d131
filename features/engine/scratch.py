"""The working memory of the kernel: made once per chunk, used for one account after another."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from features.lowering import Room
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
    late: NDArray[np.int64]
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


def make_scratch(room: Room, events: int, rows: int) -> Scratch:
    """Room for an account with so many events and rows."""
    sums = (room.values, events + 1)
    return Scratch(
        active_cutoff=_whole(rows),
        opened=_whole(rows),
        reach=_whole(rows),
        late=_whole(rows + 1),
        edge=np.zeros((room.bounds + 1, rows), dtype=np.int64),
        slots=np.empty((room.slots, rows)),
        members=_whole(events + 1),
        kept=_whole(events + 1),
        time=_whole(events + STRIDE),
        active=_whole(events),
        latest=_whole(events + 1),
        days=_whole(events + 1),
        weeks=_whole(events + 1),
        value=np.empty((room.values, events)),
        number=np.empty(sums, dtype=np.int64),
        total=np.empty(sums),
        shifted=np.empty(sums),
        squares=np.empty(sums),
        code=np.empty((room.codes, events), dtype=np.int64),
        table=_whole(table_size(events) if room.codes else 0),
        seen=_whole(events),
        queue=_whole(max(events, room.gaps) + 1),
    )


def _whole(length: int) -> NDArray[np.int64]:
    return np.empty(length, dtype=np.int64)


def table_size(events: int) -> int:
    """A power of two at least twice `events`."""
    return 1 << (2 * events).bit_length()
