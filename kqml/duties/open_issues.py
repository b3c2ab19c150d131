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
from kqml.playbook.codes import CHANNELS

Flags = NDArray[np.bool_]


def open_issue_parts(asked: DutyRequest) -> Iterator[DutyPart]:
    """Everything open before the end of the period, and what was due in it and is settled."""
    answers = asked.playbook.answers
    made = asked.known.of(EventKind.PROMISE_MADE)
    yield _matter(asked, "promise", made, _closed(asked, made, EventKind.PROMISE_KEPT), answers.promise_days)
    told = asked.known.of(EventKind.COMPLAINT)
    yield _matter(asked, "complaint", told, _closed(asked, told, EventKind.COMPLAINT_RESOLVED), answers.complaint_days)
    came = asked.known.of(EventKind.INBOUND)
    yield _matter(asked, "inbound", came, _answered(asked, came), answers.inbound_days)


def _closed(asked: DutyRequest, opened: Records, kind: EventKind) -> Flags:
    """Which of the events one of the same account refers to by its `ref`, known before the cutoff."""
    log, closing = asked.book.log, asked.known.of(kind)
    ids = pa.array(log.texts("event_id", opened.row), pa.string())
    refs = pa.array(log.texts("ref", closing.row), pa.string())
    place = pc.fill_null(pc.index_in(refs, value_set=ids, skip_nulls=True), -1).to_numpy(zero_copy_only=False)
    found = np.flatnonzero(place >= 0)
    found = found[closing.account[found] == opened.account[place[found]]]
    closed = np.zeros(len(opened), dtype=np.bool_)
    closed[place[found]] = True
    return closed


def _answered(asked: DutyRequest, came: Records) -> Flags:
    """Which of their contacts are followed by one of ours."""
    latest = np.full(asked.accounts, NOWHEN)
    for channel in CHANNELS:
        ours = asked.contacts.records[channel]
        np.maximum.at(latest, ours.account, ours.occurred_at)
    return np.asarray(latest[came.account] >= came.occurred_at)


def _matter(asked: DutyRequest, duty: str, opened: Records, closed: Flags, days: float) -> DutyPart:
    due_by = np.where(opened.due_at == NOWHEN, opened.occurred_at + round(days * DAY_US), opened.due_at)
    today = asked.last_known_day
    is_open = asked.is_open(today)[opened.account]
    kept = is_open & (~closed | ((due_by > asked.start) & (due_by <= asked.end)))
    chosen, due, done = opened.where(kept), due_by[kept], closed[kept].astype(np.float64)
    target = np.ones(len(chosen))
    return DutyPart(
        account=chosen.account,
        rep=asked.owner(today)[chosen.account],
        tier=asked.tier(today)[chosen.account],
        columns={
            "duty": duty,
            "target": target,
            "counted": done,
            "prorated": target,
            "behind": np.zeros(len(chosen)),
            "due_from": chosen.occurred_at,
            "due_by": due,
            "state": duty_states(target, done, due, asked.cutoff),
            "must": asked.must(due) & (done < 1) & (duty != "inbound"),
            "why": duty,
            "contact_id": np.array(asked.book.log.texts("contact_id", chosen.row), dtype=object),
            "event_id": np.array(asked.book.log.texts("event_id", chosen.row), dtype=object),
        },
    )
