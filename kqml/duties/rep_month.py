"""What a rep owes in a calendar month, whichever account it is at: help asked for, trainings given."""

import numpy as np
from numpy.typing import NDArray

from kqml.calendar.business_time import local_days
from kqml.dataset.tables import TIERS
from kqml.duties.monthly import MonthView
from kqml.duties.reps import absences, employment
from kqml.duties.request import DutyRequest
from kqml.duties.table import DutyPart, duty_states, join_parts
from kqml.events import EventKind
from kqml.history.event_log import Indices

Flags = NDArray[np.bool_]


def rep_parts(request: DutyRequest, view: MonthView) -> list[DutyPart]:
    """Of every rep who looks after an open account in the month."""
    rules = request.playbook.reciprocity
    trained = np.isin(view.tier, [TIERS.index(name) for name in rules.training_tiers])
    asks = request.known.of_kinds([EventKind.HELP_ASKED], view.start, view.end)
    trainings = request.known.of_kinds([EventKind.TRAINING], view.start, view.end)
    fitting = trained[request.book.log.account[trainings], view.day_indices(_days(request, trainings))]
    return [
        _rep_part(request, view, "asks", rules.asks_per_rep_month, asks, _in_charge(request, view, view.open)),
        _rep_part(
            request,
            view,
            "trainings",
            rules.trainings_per_rep_month,
            trainings[fitting],
            _in_charge(request, view, view.open & trained),
        ),
    ]


def _days(request: DutyRequest, events: Indices) -> Indices:
    return local_days(request.book.log.occurred_at[events], request.book.events.time_zone)


def _in_charge(request: DutyRequest, view: MonthView, which: Flags) -> Flags:
    """Reps who look after an account on a day where `which` (accounts × days) holds."""
    result = np.zeros(len(request.book.events.reps) + 1, dtype=np.bool_)
    result[view.owner[which]] = True
    return result[:-1]


def _rep_part(
    request: DutyRequest, view: MonthView, duty: str, per_month: float, events: Indices, owing: Flags
) -> DutyPart:
    """Events without a rep are those of the rep in charge that day."""
    owner = view.owner[request.book.log.account[events], view.day_indices(_days(request, events))]
    rep = np.where(request.book.events.rep[events] >= 0, request.book.events.rep[events], owner)
    people = len(request.book.events.reps)
    counted = np.bincount(rep[rep >= 0], minlength=people).astype(np.float64)
    employed = employment(request.book.events.reps, view.days)[:-1]
    away = absences(request.book.events.reps, view.days)[:-1]
    there = employed & ~away & view.working & ~view.quiet
    share = there.sum(axis=1) / max(view.workdays, 1)
    expected = (there & (view.days < request.cutoff_day)).sum(axis=1) / max(view.workdays, 1)
    who = np.flatnonzero(owing & employed.any(axis=1) & (per_month > 0))
    prorated = per_month * share[who]
    target = join_parts(prorated)
    return DutyPart(
        account=np.full(len(who), -1),
        rep=who,
        tier=np.full(len(who), -1),
        columns={
            "duty": duty,
            "channel": "help" if duty == "asks" else "training",
            "target": target,
            "counted": counted[who],
            "prorated": prorated,
            "behind": np.maximum(per_month * expected[who] - counted[who], 0.0),
            "due_from": np.full(len(who), view.start),
            "due_by": np.full(len(who), view.end),
            "state": duty_states(target, counted[who], view.end, request.cutoff),
            "must": False,
            "why": np.where(share[who] < 1, "part_of_month", duty).astype(object),
        },
    )
