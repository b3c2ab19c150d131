"""What is open between us and an account: promises, complaints, contacts of theirs that wait for an answer."""

from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from kqml.calendar.business_time import DAY_US
from kqml.duties.duty_log import NOWHEN, Records
from kqml.duties.request import DutyRequest
from kqml.duties.table import DutyPart, duty_states
from kqml.events import EventKind
from kqml.history.event_log import CLOSED_BY
from kqml.playbook.codes import CHANNELS

Flags = NDArray[np.bool_]


def open_issue_parts(request: DutyRequest) -> Iterator[DutyPart]:
    """Everything open before the end of the period, and what was due in it and is settled."""
    answers = request.playbook.answers
    output = request.known.of(EventKind.PROMISE_MADE)
    yield _matter(
        request, "promise", output, _closed(request, output, CLOSED_BY[EventKind.PROMISE_MADE]), answers.promise_days
    )
    result = request.known.of(EventKind.COMPLAINT)
    yield _matter(
        request, "complaint", result, _closed(request, result, CLOSED_BY[EventKind.COMPLAINT]), answers.complaint_days
    )
    came = request.known.of(EventKind.INBOUND)
    yield _matter(request, "inbound", came, _answered(request, came), answers.inbound_days)


def _closed(request: DutyRequest, opened: Records, kinds: frozenset[EventKind]) -> Flags:
    """Which of the events one of the same account refers to by its `ref`, known before the cutoff."""
    log, closing = request.book.log, request.known.of(*kinds)
    ids = pa.array(log.texts("event_id", opened.row), pa.string())
    refs = pa.array(log.texts("ref", closing.row), pa.string())
    index = pc.fill_null(pc.index_in(refs, value_set=ids, skip_nulls=True), -1).to_numpy(zero_copy_only=False)
    indices = np.flatnonzero(index >= 0)
    indices = indices[closing.account[indices] == opened.account[index[indices]]]
    closed = np.zeros(len(opened), dtype=np.bool_)
    closed[index[indices]] = True
    return closed


def _answered(request: DutyRequest, came: Records) -> Flags:
    """Which of their contacts are followed by one of ours."""
    latest = np.full(request.accounts, NOWHEN)
    for channel in CHANNELS:
        ours = request.contacts.records[channel]
        np.maximum.at(latest, ours.account, ours.occurred_at)
    return np.asarray(latest[came.account] >= came.occurred_at)


def _matter(request: DutyRequest, duty: str, opened: Records, closed: Flags, days: float) -> DutyPart:
    due_by = np.where(opened.due_at == NOWHEN, opened.occurred_at + round(days * DAY_US), opened.due_at)
    today = request.last_known_day
    is_open = request.is_open(today)[opened.account]
    retained = is_open & (~closed | ((due_by > request.start) & (due_by <= request.end)))
    chosen, due, done = opened.where(retained), due_by[retained], closed[retained].astype(np.float64)
    target = np.ones(len(chosen))
    return DutyPart(
        account=chosen.account,
        rep=request.owner(today)[chosen.account],
        tier=request.tier(today)[chosen.account],
        columns={
            "duty": duty,
            "target": target,
            "counted": done,
            "prorated": target,
            "behind": np.zeros(len(chosen)),
            "due_from": chosen.occurred_at,
            "due_by": due,
            "state": duty_states(target, done, due, request.cutoff),
            "must": request.must(due) & (done < 1) & (duty != "inbound"),
            "why": duty,
            "contact_id": np.array(request.book.log.texts("contact_id", chosen.row), dtype=object),
            "event_id": np.array(request.book.log.texts("event_id", chosen.row), dtype=object),
        },
    )
