"""What is open between us and an account: promises, complaints, contacts of theirs that wait for an answer."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from kqml.calendar.business_time import DAY_US
from kqml.duties.request import DutyRequest
from kqml.duties.table import DutyPart, duty_states
from kqml.events import EventKind
from kqml.history.closings import is_closed, referral_closing
from kqml.history.event_log import NO_DUE, Indices
from kqml.playbook.codes import CHANNELS

Flags = NDArray[np.bool_]


def open_issue_parts(request: DutyRequest) -> Iterator[DutyPart]:
    """Everything open before the end of the period, and what was due in it and is settled."""
    answers, known = request.playbook.answers, request.known
    promises = known.of_kinds([EventKind.PROMISE_MADE])
    is_kept = is_closed(known, promises, referral_closing(EventKind.PROMISE_MADE))
    yield _matter(request, "promise", promises, is_kept, answers.promise_days)
    complaints = known.of_kinds([EventKind.COMPLAINT])
    is_resolved = is_closed(known, complaints, referral_closing(EventKind.COMPLAINT))
    yield _matter(request, "complaint", complaints, is_resolved, answers.complaint_days)
    inbound = known.of_kinds([EventKind.INBOUND])
    yield _matter(request, "inbound", inbound, _answered(request, inbound), answers.inbound_days)


def _answered(request: DutyRequest, inbound: Indices) -> Flags:
    """Which of their contacts are followed by one of ours, at the same instant at the earliest."""
    log, latest = request.book.log, np.full(request.accounts, np.iinfo(np.int64).min)
    for channel in CHANNELS:
        ours = request.contacts.events[channel]
        np.maximum.at(latest, log.account[ours], log.occurred_at[ours])
    return np.asarray(latest[log.account[inbound]] >= log.occurred_at[inbound])


def _matter(request: DutyRequest, duty: str, opened: Indices, closed: Flags, days: float) -> DutyPart:
    log, events = request.book.log, request.book.events
    due_by = np.where(log.due(opened) == NO_DUE, log.occurred_at[opened] + round(days * DAY_US), log.due(opened))
    today = request.last_known_day
    is_open = request.is_open(today)[log.account[opened]]
    retained = is_open & (~closed | ((due_by > request.start) & (due_by <= request.end)))
    chosen, due, done = opened[retained], due_by[retained], closed[retained].astype(np.float64)
    account, target = log.account[chosen], np.ones(len(chosen))
    return DutyPart(
        account=account,
        rep=request.owner(today)[account],
        tier=request.tier(today)[account],
        columns={
            "duty": duty,
            "target": target,
            "counted": done,
            "prorated": target,
            "behind": np.zeros(len(chosen)),
            "due_from": log.occurred_at[chosen],
            "due_by": due,
            "state": duty_states(target, done, due, request.cutoff),
            "must": request.must(due) & (done < 1) & (duty != "inbound"),
            "why": duty,
            "contact_id": np.array(events.texts("contact_id", chosen), dtype=object),
            "event_id": np.array(events.texts("event_id", chosen), dtype=object),
        },
    )
