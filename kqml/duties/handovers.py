"""The introduction visit of a rep who takes over an account."""

import numpy as np
from numpy.typing import NDArray

from kqml.calendar.business_time import local_midnight
from kqml.dataset.tables import TIERS
from kqml.duties.period import date_of
from kqml.duties.request import DutyRequest, Indices
from kqml.duties.table import DutyPart, duty_states
from kqml.history.closings import has_expired

Flags = NDArray[np.bool_]


def handover_part(request: DutyRequest) -> DutyPart:
    """Return a visit for each account that got another rep, within the days of its tier; a visit that counts fully does
    it. An account that nobody looked after before is not handed over; of several changes the last one counts."""
    today, answers = request.last_known_day, request.playbook.answers
    account, day, since = _takeovers(request)
    owner, tier = request.owner(today)[account], request.tier(today)[account]
    allowed = np.array([answers.handover_visit_days[name] for name in TIERS])[tier]
    due = _midnights(request, day + np.floor(allowed).astype(np.int64) + 1)
    visited = request.contacts.latest(("visit",))[account] >= since
    in_period = (due > request.start) & (due <= request.end)
    expired = has_expired(due, answers.handover_expires_days, request.cutoff)
    wanted = (tier >= 0) & (allowed > 0) & request.is_open(today)[account]
    chosen = np.flatnonzero(wanted & (in_period | ~(visited | expired)))
    account, due, done = account[chosen], due[chosen], visited[chosen].astype(np.float64)
    target = np.ones(len(chosen))
    return DutyPart(
        account=account,
        rep=owner[chosen],
        tier=tier[chosen],
        columns={
            "duty": "handover",
            "channel": "visit",
            "target": target,
            "counted": done,
            "prorated": target,
            "behind": np.zeros(len(chosen)),
            "due_from": since[chosen],
            "due_by": due,
            "state": duty_states(target, done, due, request.cutoff),
            "must": request.must(due) & (done < 1) & ~expired[chosen],
            "why": "handover",
        },
    )


def _takeovers(request: DutyRequest) -> tuple[Indices, Indices, Indices]:
    """Return the accounts that another rep than the present one looked after before, each with the local day and the
    instant of the last change, as known before the cutoff."""
    owners, cutoff = request.book.standing.owner, request.cutoff
    known = (owners.known_at < cutoff) & (owners.occurred_at < cutoff) & (owners.retracted_at >= cutoff)
    last = np.full(request.accounts, -1, dtype=np.int64)
    rows = np.flatnonzero(known)
    last[owners.account[rows]] = rows
    rows = last[last >= 0]
    rows = rows[(owners.value[rows] >= 0) & (owners.day[rows] >= _first_day(request))]
    before = np.full(len(rows), -1, dtype=np.int64)
    for day in np.unique(owners.day[rows]).tolist():
        on_the_day = owners.day[rows] == day
        before[on_the_day] = owners.at(day - 1, cutoff)[owners.account[rows[on_the_day]]]
    rows = rows[(before >= 0) & (before != owners.value[rows])]
    return owners.account[rows], owners.day[rows], owners.occurred_at[rows]


def _first_day(request: DutyRequest) -> int:
    """Return the first local day on which a change may have happened that still matters."""
    answers = request.playbook.answers
    unexpired = request.cutoff_day - int(np.ceil(answers.handover_expires_days))
    return min(unexpired, request.day_of(request.start)) - int(np.ceil(max(answers.handover_visit_days.values()))) - 2


def _midnights(request: DutyRequest, days: Indices) -> Indices:
    zone = request.book.events.time_zone
    instants = {day: local_midnight(date_of(day), zone) for day in np.unique(days).tolist()}
    return np.array([instants[day] for day in days.tolist()], dtype=np.int64)
