"""Duties that cannot wait for the next week's plan: promises, complaints, visits about them and after a handover."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from kqml.calendar.business_time import DAY_US
from kqml.dataset.tables import INSTANT
from kqml.duties.inputs import DutyInputs
from kqml.events import EventKind
from kqml.history.known_history import KnownHistory

PRESSING_DAYS = 7
"""Days until a promise or a complaint is due within which someone has to talk to the account."""

DUTIES = ("complaint", "complaint_visit", "promise", "handover")
VISITS = ("complaint_visit", "handover")
TALKS = (EventKind.VISIT, EventKind.CALL, EventKind.MEETING)


def require_pressing(duties: pa.Table, book: DutyInputs, cutoff: int) -> pa.Table:
    """Return the table of duties where open ones of DUTIES due within PRESSING_DAYS are required too, unless
    someone has talked to the account since. Talking on the phone does not stand in for a required visit."""
    named = pc.is_in(duties["duty"].cast(pa.string()), value_set=pa.array(DUTIES))
    is_open = pc.is_in(duties["state"].cast(pa.string()), value_set=pa.array(["due", "overdue"]))
    soon = pc.less_equal(duties["due_by"], pa.scalar(cutoff + PRESSING_DAYS * DAY_US, INSTANT))
    since = duties["due_from"].cast(pa.int64())
    latest = pa.array(_latest_talks(book, cutoff, duties["account_id"]))
    unmet = pc.or_(pc.less(latest, since), pc.is_in(duties["duty"].cast(pa.string()), value_set=pa.array(VISITS)))
    pressing = pc.and_(pc.and_(named, is_open), pc.and_(soon, unmet))
    must = pc.or_(duties["must"], pc.fill_null(pressing, False))
    return duties.set_column(duties.column_names.index("must"), "must", must)


def _latest_talks(
    book: DutyInputs, cutoff: int, accounts: pa.ChunkedArray
) -> "np.ndarray[tuple[int], np.dtype[np.int64]]":
    """Per row when someone talked to its account last, as known at the cutoff; the smallest instant for never."""
    log = book.log
    latest = np.full(len(log.accounts) + 1, np.iinfo(np.int64).min)
    talks = KnownHistory(log, cutoff).of_kinds(TALKS)
    np.maximum.at(latest, log.account[talks], log.occurred_at[talks])
    index = pc.index_in(accounts.cast(pa.string()), value_set=pa.array(log.accounts, pa.string()))
    return np.asarray(latest[pc.fill_null(index, -1).to_numpy()], dtype=np.int64)
