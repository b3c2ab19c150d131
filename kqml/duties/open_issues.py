"""What is open between us and an account: promises, complaints, contacts of theirs that wait for an answer."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kqml.calendar.business_time import DAY_US, Instants
from kqml.calendar.workdays import Workdays
from kqml.duties.complaint_visits import complaint_visit_part
from kqml.duties.request import DutyRequest
from kqml.duties.table import DutyPart, duty_states
from kqml.events import EventKind
from kqml.history.closings import due_instants, has_expired, is_closed, referral_closing
from kqml.history.event_log import Indices
from kqml.playbook.codes import CHANNELS

Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class OpenIssues:
    """What events of a kind have opened: the events, when each is due, whether it is closed, and whether it has been
    overdue for so long that nobody is required to act on it."""

    opened: Indices
    due: Instants
    closed: Flags
    expired: Flags


def open_issue_parts(request: DutyRequest, calendar: Workdays) -> Iterator[DutyPart]:
    """Everything open before the end of the period, and what was due in it and is settled."""
    answers, known = request.playbook.answers, request.known
    promises = _referred(request, EventKind.PROMISE_MADE, answers.promise_days, answers.promise_expires_days)
    yield _matter(request, "promise", promises)
    complaints = _referred(request, EventKind.COMPLAINT, answers.complaint_days, answers.complaint_expires_days)
    yield _matter(request, "complaint", complaints)
    if answers.complaint_visit_workdays:
        settled = complaints.closed | complaints.expired
        yield complaint_visit_part(request, calendar, complaints.opened, settled)
    inbound = known.of_kinds([EventKind.INBOUND])
    due = known.log.occurred_at[inbound] + round(answers.inbound_days * DAY_US)
    expired = has_expired(due, answers.inbound_expires_days, request.cutoff)
    yield _matter(request, "inbound", OpenIssues(inbound, due, _answered(request, inbound), expired))


def _referred(request: DutyRequest, kind: EventKind, days: float, expires_days: float) -> OpenIssues:
    """What stays open until an event refers to it."""
    closing = referral_closing(kind, days)
    opened = request.known.of_kinds([kind])
    due = due_instants(request.book.log, opened, closing)
    closed = is_closed(request.known, opened, closing)
    return OpenIssues(opened, due, closed, has_expired(due, expires_days, request.cutoff))


def _answered(request: DutyRequest, inbound: Indices) -> Flags:
    """Which of their contacts are followed by one of ours, at the same instant at the earliest."""
    log, latest = request.book.log, np.full(request.accounts, np.iinfo(np.int64).min)
    for channel in CHANNELS:
        ours = request.contacts.events[channel]
        np.maximum.at(latest, log.account[ours], log.occurred_at[ours])
    return np.asarray(latest[log.account[inbound]] >= log.occurred_at[inbound])


def _matter(request: DutyRequest, duty: str, issues: OpenIssues) -> DutyPart:
    log, events = request.book.log, request.book.events
    today = request.last_known_day
    is_open = request.is_open(today)[log.account[issues.opened]]
    in_period = (issues.due > request.start) & (issues.due <= request.end)
    retained = is_open & (in_period | ~(issues.closed | issues.expired))
    chosen, due, done = issues.opened[retained], issues.due[retained], issues.closed[retained].astype(np.float64)
    account, target = log.account[chosen], np.ones(len(chosen))
    required = request.must(due) & (done < 1) & ~issues.expired[retained]
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
            "must": required & (duty != "inbound"),
            "why": duty,
            "contact_id": np.array(events.texts("contact_id", chosen), dtype=object),
            "event_id": np.array(events.texts("event_id", chosen), dtype=object),
        },
    )
