"""What closes what an event opened: complaints, promises, invoices, questions, as known before a cutoff.

The one definition that duties, grades and briefs read; `features.engine.closings.find_closings` is its compiled twin.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kqml.calendar.business_time import DAY_US, Instants
from kqml.events import EventKind
from kqml.history.event_log import CLOSES, NO_DUE, OPENS, EventLog, Indices
from kqml.history.known_history import KnownHistory, Mask
from kqml.history.retractions import NEVER

CLOSED_BY: Mapping[EventKind, frozenset[EventKind]] = {
    EventKind.COMPLAINT: frozenset({EventKind.COMPLAINT_RESOLVED}),
    EventKind.PROMISE_MADE: frozenset({EventKind.PROMISE_KEPT}),
    EventKind.PAYMENT_DUE: frozenset({EventKind.PAYMENT_RECEIVED}),
    EventKind.HELP_ASKED: frozenset({EventKind.HELP_RECEIVED}),
}
"""Kinds that stay open until an event of one of these refers to them by its `ref`."""

CLOSING = frozenset(kind for kinds in CLOSED_BY.values() for kind in kinds)
"""Kinds that close something by their `ref`."""


@dataclass(frozen=True)
class Closing:
    """What closes what an event opened: of all events of `kinds` that do, the one that became known first.

    With `by_ref` one that refers to it, else one that happens after it, of the same rep where `same_rep` and both reps
    are recorded. It is due at its `due_at` where `due_at` holds and it has one, else after `due_days` (None: never).
    With `in_time` only what happens before it is due closes it.
    """

    kinds: frozenset[EventKind]
    by_ref: bool = True
    same_rep: bool = False
    due_at: bool = True
    due_days: float | None = None
    in_time: bool = False


def referral_closing(kind: EventKind, due_days: float | None = None) -> Closing:
    """Return what closes an event of one of the kinds of CLOSED_BY."""
    return Closing(CLOSED_BY[kind], due_days=due_days)


def due_instants(log: EventLog, openings: Indices, closing: Closing) -> Instants:
    """Return when each opening event is due, NEVER where at no time."""
    due = np.full(len(openings), NEVER)
    if closing.due_days is not None:
        due = log.occurred_at[openings] + round(closing.due_days * DAY_US)
    return np.where(log.due(openings) == NO_DUE, due, log.due(openings)) if closing.due_at else due


def has_expired(due: Instants, expires_days: float, cutoff: int) -> Mask:
    """Return whether what was due has been open for so many days after its due date that nobody is required to act on
    it. It stays open: grades and features keep counting it."""
    return np.asarray(due + round(expires_days * DAY_US) <= cutoff, dtype=np.bool_)


def is_closed(known: KnownHistory, openings: Indices, closing: Closing) -> Mask:
    """Return whether each opening event was closed, as known before the cutoff."""
    return np.asarray(closed_at(known, openings, closing) != NEVER, dtype=np.bool_)


def closed_at(known: KnownHistory, openings: Indices, closing: Closing) -> Instants:
    """Return when each opening event was closed as known before the cutoff, NEVER where it is open.

    Of several events that close it the one that became known first counts: later knowledge never changes what an
    earlier cutoff saw. Nothing is closed before it happens.
    """
    limit = due_instants(known.log, openings, closing) if closing.in_time else np.full(len(openings), NEVER)
    find = _first_referring if closing.by_ref else _first_following
    closer = find(known, openings, closing, limit)
    result = np.full(len(openings), NEVER)
    done = closer >= 0
    result[done] = np.maximum(known.log.occurred_at[closer[done]], known.log.occurred_at[openings[done]])
    return result


def _first_referring(known: KnownHistory, openings: Indices, closing: Closing, limit: Instants) -> Indices:
    """Return per opening event the first known of those that refer to it and happen before `limit`, -1 without one."""
    log, closer = known.log, np.full(len(openings), -1, dtype=np.int64)
    linked = np.flatnonzero(log.codes[OPENS][openings] >= 0) if OPENS in log.codes else closer[:0]
    if not len(linked):
        return closer
    events = known.of_kinds(closing.kinds)
    events = events[log.codes[CLOSES][events] >= 0]
    numbers = _numbers(log, OPENS, openings[linked])
    order = np.argsort(numbers)
    wanted = _numbers(log, CLOSES, events)
    index = order[np.minimum(np.searchsorted(numbers, wanted, sorter=order), len(order) - 1)]
    opener = linked[index]
    met = (numbers[index] == wanted) & (log.occurred_at[events] < limit[opener])
    events, opener = events[met], opener[met]
    # Where several close the same, the last assignment stays: that of the one known first, then the first of the log.
    latest_first = np.lexsort((events, log.visible_at(events)))[::-1]
    closer[opener[latest_first]] = events[latest_first]
    return closer


def _numbers(log: EventLog, link: str, events: Indices) -> Indices:
    """Return the number of what each event opens or closes, unique among all accounts."""
    return np.asarray((log.account[events] << 32) + log.codes[link][events], dtype=np.int64)


def _first_following(known: KnownHistory, openings: Indices, closing: Closing, limit: Instants) -> Indices:
    """Return per opening event the first known of the fitting ones between it and `limit`, -1 without one.

    All openings step through the answers after them at once, each until every further one happened after a closing
    that was already known.
    """
    log, answers = known.log, known.of_kinds(closing.kinds)
    closer, seen = np.full(len(openings), -1, dtype=np.int64), np.full(len(openings), NEVER)
    following = np.searchsorted(answers, openings, side="right")
    open_ = np.flatnonzero(following < len(answers))
    while len(open_):
        event, opening = answers[following[open_]], openings[open_]
        inside = log.account[event] == log.account[opening]
        inside &= log.occurred_at[event] < np.minimum(limit[open_], seen[open_])
        open_, event, opening = open_[inside], event[inside], opening[inside]
        # Strictly later: of two events at one instant the order in the log means nothing.
        fits = (log.occurred_at[event] > log.occurred_at[opening]) & (log.visible_at(event) < seen[open_])
        fits &= _may_be_of_one_rep(log, event, opening) if closing.same_rep else True
        closer[open_[fits]], seen[open_[fits]] = event[fits], log.visible_at(event[fits])
        following[open_] += 1
        open_ = open_[following[open_] < len(answers)]
    return closer


def _may_be_of_one_rep(log: EventLog, events: Indices, others: Indices) -> NDArray[np.bool_]:
    """Return whether the reps are the same; an unknown rep may be anybody's."""
    if "rep_id" not in log.codes:
        return np.ones(len(events), dtype=np.bool_)
    rep, other_rep = log.codes["rep_id"][events], log.codes["rep_id"][others]
    return np.asarray((rep == other_rep) | (rep < 0) | (other_rep < 0), dtype=np.bool_)
