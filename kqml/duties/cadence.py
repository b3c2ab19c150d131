"""What the cadence owes: contacts per channel, problems solved, by account and calendar month."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kqml.dataset.tables import TIERS
from kqml.duties.monthly import MonthView, span_of
from kqml.duties.request import DutyRequest
from kqml.duties.table import DutyPart, duty_states, join_parts
from kqml.events import EventKind
from kqml.playbook.codes import CHANNELS

Floats = NDArray[np.float64]


def cadence_parts(request: DutyRequest, views: Sequence[MonthView]) -> list[DutyPart]:
    """Contacts and problems owed in the month of the last view; `views` are the months up to it, oldest first."""
    contacts = [_contact_part(request, views, channel) for channel in CHANNELS]
    return [*(part for part in contacts if part is not None), _problem_part(request, views[-1])]


def _contact_part(request: DutyRequest, views: Sequence[MonthView], channel: str) -> DutyPart | None:
    per_tier = {tier: row[channel] for tier, row in request.playbook.cadence.items()}
    spans = span_of(request.playbook, channel)
    months = np.array([spans[tier] for tier in TIERS] + [1])[views[-1].tier[:, -1]]
    targets, expected, counted, start = (np.zeros(request.accounts) for _ in range(4))
    for back, view in enumerate(reversed(views), start=1):
        inside = months >= back
        targets += np.where(inside, view.prorated(per_tier), 0.0)
        expected += np.where(inside, view.prorated(per_tier, request.cutoff_day), 0.0)
        counted += np.where(inside, request.contacts.counted(channel, (view.start, view.end)), 0.0)
        start = np.where(inside, view.start, start)
    forbidden = request.forbidden(views[-1].first + _last_place(request, views[-1]), channel)
    full = np.array([*(per_tier[tier] * spans[tier] for tier in TIERS), 0.0])[views[-1].tier[:, -1]]
    why = np.where(forbidden, "no_consent", _why(views[-1], targets, full)).astype(object)
    retained = _concerned(views[-1]) & (full > 0)
    return _part(
        request,
        views[-1],
        retained,
        channel,
        {
            "prorated": np.where(forbidden, 0.0, targets),
            "expected": np.where(forbidden, 0.0, expected),
            "counted": counted,
            "due_from": start.astype(np.int64),
            "why": why,
        },
    )


def _problem_part(request: DutyRequest, view: MonthView) -> DutyPart:
    per_tier = request.playbook.reciprocity.problems_per_account_month
    solved = request.known.of_kinds([EventKind.HELP_GIVEN], view.start, view.end)
    targets = view.prorated(per_tier)
    full = np.array([*(per_tier[tier] for tier in TIERS), 0.0])[view.tier[:, -1]]
    return _part(
        request,
        view,
        _concerned(view) & (full > 0),
        "help",
        {
            "prorated": targets,
            "expected": view.prorated(per_tier, request.cutoff_day),
            "counted": request.known.total(solved),
            "due_from": np.full(request.accounts, view.start),
            "why": _why(view, targets, full),
        },
    )


def _part(
    request: DutyRequest, view: MonthView, mask: NDArray[np.bool_], channel: str, result: dict[str, NDArray[Any]]
) -> DutyPart:
    """The rows of the accounts kept, each with its state at the cutoff."""
    chosen = {name: values[mask] for name, values in result.items()}
    target, counted = join_parts(chosen["prorated"]), chosen["counted"]
    return DutyPart(
        account=np.flatnonzero(mask),
        rep=view.owner[mask, _last_place(request, view)].astype(np.int64),
        tier=view.tier[mask, _last_place(request, view)].astype(np.int64),
        columns={
            "duty": "problems" if channel == "help" else "cadence",
            "channel": channel,
            "target": target,
            "counted": counted,
            "prorated": chosen["prorated"],
            "behind": np.where(target > 0, np.maximum(chosen["expected"] - counted, 0.0), 0.0),
            "due_from": chosen["due_from"],
            "due_by": np.full(len(target), view.end),
            "state": duty_states(target, counted, view.end, request.cutoff),
            "must": False,
            "why": chosen["why"],
        },
    )


def _last_place(request: DutyRequest, view: MonthView) -> int:
    """The latest day of the month of which anything is known, its first one before the month begins."""
    return int(view.day_indices(np.array([request.cutoff_day - 1]))[0])


def _concerned(view: MonthView) -> NDArray[np.bool_]:
    """Accounts that were open on some day of the month."""
    return np.asarray(view.open.any(axis=1))


def _why(view: MonthView, targets: Floats, full: Floats) -> NDArray[np.object_]:
    """What took most off a target: days before the opening or after the closing, quiet days, leave, another tier."""
    lost = np.stack(
        [
            (view.working & ~view.open).sum(axis=1),
            (view.working & view.quiet & view.open).sum(axis=1),
            (view.working & ~view.quiet & view.open & view.leave).sum(axis=1),
        ]
    )
    names = np.array(["part_of_month", "quiet_days", "leave"], dtype=object)
    moved = (view.tier != view.tier[:, -1:]).any(axis=1)
    whole = np.where(moved, "tier_moved", "by_tier").astype(object)
    return np.where(lost.sum(axis=0) > 0, names[lost.argmax(axis=0)], whole)
