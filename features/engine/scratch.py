"""The working memory of the kernel: made once per chunk, used for one account after another."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from features.lowering import ScratchSize
from kqml.calendar.business_time import Instants

STRIDE = 8
"""Events that are compared with a bound at once; `time` is longer by as many."""

BEGUN, SEEN, DUE, CLOSED, CLOSED_SEEN = range(5)
"""Lines of `closing`: when it was opened, from when that was known, when it is due, closed, known to be closed."""

FIRST_ROW, CLOSED_ROW, DUE_ROW = range(3)
"""Lines of `turns`: the first row that sees it, sees it closed, sees it past due."""


class Scratch(NamedTuple):
    """Working arrays for one account's K rows and the n events of one stream.

    Of rows: `active_cutoff`; `opened`, when the account opened as seen at the cutoff; `reach`, how far back windows
    of the stream may go; `edge`, per bound of the stream the number of its events before it; `slots`, the numbers;
    `late`, the rows to do again; `month`, when the cutoff's month began, the one before it, `month_back`, how far back
    that is, `month_reach`, what is left of `reach` there; `counted`, `summed`, for shares and means. The last line of
    `edge` is all 0, where windows without days begin (LIFETIME).
    Of events: `members`, all of the stream as indices into the log; `visible`, those of them that are visible; of the
    visible ones `time`, `active`, `latest` (running maximum of `known_at`), `days`, `weeks` (distinct ones so far);
    per value `value` with its prefix sums `number` (values present), `total`, `shifted`, `squares` (of the value
    less the first one); per code column `code`, small numbers from 0, -1 where absent.
    Of the ledger's events `worth` and the index of its `fade`; per fade the sum after each event, `faded`, and the
    instant of its last change, `faded_at`; of the card's `known`, the share filled after each.
    Of opening events `opening`, their indices in the log, the instants `closing`, the rows `turns`.
    `table`, `seen`, `queue` are for hashing, counting, sliding.
    """

    active_cutoff: Instants
    opened: Instants
    reach: Instants
    late: NDArray[np.int64]
    month: NDArray[np.int64]
    month_back: NDArray[np.int64]
    month_reach: NDArray[np.int64]
    counted: NDArray[np.int64]
    summed: NDArray[np.int64]
    edge: NDArray[np.int64]
    slots: NDArray[np.float64]
    members: NDArray[np.int64]
    visible: NDArray[np.int64]
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
    worth: NDArray[np.float64]
    fade: NDArray[np.int64]
    faded: NDArray[np.float64]
    faded_at: NDArray[np.int64]
    known: NDArray[np.float64]
    opening: NDArray[np.int64]
    closing: NDArray[np.int64]
    turns: NDArray[np.int64]
    code: NDArray[np.int64]
    table: NDArray[np.int64]
    seen: NDArray[np.int64]
    queue: NDArray[np.int64]


def make_scratch(room: ScratchSize, events: int, rows: int) -> Scratch:
    """Return working arrays for accounts with up to so many events and rows."""
    sums, fades = (room.values, events + 1), (room.fades, events + 1)
    # Arrays that a plan never reads have no elements: one request builds scratch anew, and pages cost time.
    booked, opened = events if room.fades else 0, events if room.closings else 0
    return Scratch(
        # `empty`, not `zeros`: every element is written before it is read, except where zeros are the answer (`edge`).
        active_cutoff=_whole(rows),
        opened=_whole(rows),
        reach=_whole(rows),
        late=_whole(rows + 1),
        month=np.empty((2, rows), dtype=np.int64),
        month_back=np.empty((2, rows), dtype=np.int64),
        month_reach=_whole(rows),
        counted=_whole(rows),
        summed=_whole(rows),
        edge=np.zeros((room.bounds + 1, rows), dtype=np.int64),
        slots=np.empty((room.slots, rows)),
        members=_whole(events + 1),
        visible=_whole(events + 1),
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
        worth=np.empty(booked),
        fade=_whole(booked),
        faded=np.empty(fades),
        faded_at=np.empty(fades, dtype=np.int64),
        known=np.empty(events + 1),
        opening=_whole(opened),
        closing=np.empty((5, opened), dtype=np.int64),
        turns=np.empty((3, opened), dtype=np.int64),
        code=np.empty((room.codes, events), dtype=np.int64),
        table=_whole(table_size(events) if room.codes else 0),
        seen=_whole(events),
        queue=_whole(max(events, room.gaps) + 1),
    )


def _whole(length: int) -> NDArray[np.int64]:
    return np.empty(length, dtype=np.int64)


def table_size(events: int) -> int:
    """Return a power of two at least twice `events`."""
    # A power of two turns the remainder of the hash into a mask.
    return 1 << (2 * events).bit_length()
