"""The visit that settles a complaint face to face (domain §13)."""

import numpy as np
from numpy.typing import NDArray

from kqml.calendar.business_time import local_days, local_midnight
from kqml.calendar.workdays import Workdays
from kqml.duties.period import date_of, day_number
from kqml.duties.request import DutyRequest, Indices
from kqml.duties.table import DutyPart, duty_states

Flags = NDArray[np.bool_]


def complaint_visit_part(request: DutyRequest, calendar: Workdays, complaints: Indices, settled: Flags) -> DutyPart:
    """Return a visit for each complaint within the playbook's working days after its day; `settled`: those that are
    resolved or too old.

    Where the rep in charge is on leave on all days until then, the channel is a call: a visit cannot be had in time. A
    contact that counts fully does it, a visit in place of a call too. Without one, the visit of a settled complaint is
    waived.
    """
    log, events, today = request.book.log, request.book.events, request.last_known_day
    day, end = _days(request, calendar, complaints)
    due = np.array([local_midnight(date_of(number), events.time_zone) for number in end.tolist()], dtype=np.int64)
    owner = request.owner(today)[log.account[complaints]]
    calls = _away(request, owner, day, end)
    done = _done(request, complaints, calls)
    in_period = (due > request.start) & (due <= request.end)
    is_open = request.is_open(today)[log.account[complaints]]
    retained = is_open & (in_period | ~(settled | done))
    chosen, account = complaints[retained], log.account[complaints][retained]
    calls, done, due, waived = calls[retained], done[retained], due[retained], (settled & ~done)[retained]
    target, counted = np.where(waived, 0.0, 1.0), done.astype(np.float64)
    return DutyPart(
        account=account,
        rep=owner[retained],
        tier=request.tier(today)[account],
        columns={
            "duty": "complaint_visit",
            "channel": np.where(calls, "call", "visit").astype(object),
            "target": target,
            "counted": counted,
            "prorated": target,
            "behind": np.zeros(len(chosen)),
            "due_from": log.occurred_at[chosen],
            "due_by": due,
            "state": duty_states(target, counted, due, request.cutoff),
            "must": request.must(due) & (counted < target),
            "why": np.select([waived, calls], ["settled", "leave"], "complaint_visit").astype(object),
            "contact_id": np.array(events.texts("contact_id", chosen), dtype=object),
            "event_id": np.array(events.texts("event_id", chosen), dtype=object),
        },
    )


def _days(request: DutyRequest, calendar: Workdays, complaints: Indices) -> tuple[Indices, Indices]:
    """Return per complaint its local day and the day after the last one on which the visit is in time."""
    count = request.playbook.answers.complaint_visit_workdays
    day = local_days(request.book.log.occurred_at[complaints], request.book.events.time_zone)
    ends = {number: day_number(calendar.after(date_of(number), count)) + 1 for number in np.unique(day).tolist()}
    return day, np.array([ends[number] for number in day.tolist()], dtype=np.int64)


def _away(request: DutyRequest, owner: Indices, day: Indices, end: Indices) -> Flags:
    """Return per complaint whether its rep is on leave from its day on until the visit is due."""
    reps = request.book.events.reps
    on_leave = np.array([*(bool(rep.absences) for rep in reps), False])[owner]
    away = np.zeros(len(owner), dtype=np.bool_)
    for index in np.flatnonzero(on_leave).tolist():
        away[index] = reps[owner[index]].absent(np.arange(day[index], end[index])).all()
    return away


def _done(request: DutyRequest, complaints: Indices, calls: Flags) -> Flags:
    """Return per complaint whether it has been followed by a visit, or where a call will do by a call."""
    log, account = request.book.log, request.book.log.account[complaints]
    visited, talked = (request.contacts.latest(channels)[account] for channels in (("visit",), ("visit", "call")))
    return np.asarray(np.where(calls, talked, visited) >= log.occurred_at[complaints], dtype=np.bool_)
