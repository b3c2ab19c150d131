"""The emotional account (domain §5): what contacts pay in and draw out, what is left of it."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kqml.calendar.business_time import DAY_US, Instants
from kqml.events import KINDS
from kqml.history.event_log import CLOSED_BY, NO_DUE, NOTE, Indices
from kqml.history.known_history import Floats, KnownHistory
from kqml.history.retractions import NEVER
from kqml.playbook import Playbook
from kqml.playbook.relationship import EmotionalEntry, Omission


@dataclass(frozen=True)
class Movements:
    """What was booked, in no order: the account's place, the instant, what it was worth then, what halves it.

    `event`: the index of the event. `omitted`: it was booked because that event stayed without an answer in time.
    """

    account: Indices
    booked_at: Instants
    weight: Floats
    half_life_days: Floats
    event: Indices
    omitted: NDArray[np.bool_]

    def left(self, instant: int) -> Floats:
        """What is left of each at an instant not before it was booked: weight × 2 ^ (−age ÷ half-life)."""
        age = (instant - self.booked_at) / DAY_US
        return np.asarray(self.weight * np.exp2(-age / self.half_life_days), dtype=np.float64)


def balances(known: KnownHistory, playbook: Playbook) -> Floats:
    """Per account the balance at the cutoff: the sum of what is left of all that was booked before it.

    NaN where none of the kinds that are booked is recorded.
    """
    if not known.records(entry.kind for entry in playbook.emotional) and not _sees_omissions(known, playbook):
        return np.full(known.log.account_count, np.nan)
    moved = movements(known, playbook)
    sums = np.bincount(moved.account, weights=moved.left(known.cutoff), minlength=known.log.account_count)
    return sums.astype(np.float64)


def _sees_omissions(known: KnownHistory, playbook: Playbook) -> bool:
    """Whether an omission could be seen: what it watches is recorded, and so is what answers it."""
    watched = playbook.emotional_omissions
    return any(known.records([one.kind]) and known.records(one.answered_by) for one in watched)


def movements(known: KnownHistory, playbook: Playbook) -> Movements:
    """Everything booked before the cutoff by what was known then."""
    parts = [_entries(known, playbook.emotional)]
    parts += [_omitted(known, omission) for omission in playbook.emotional_omissions]
    names = ("account", "booked_at", "weight", "half_life_days", "event", "omitted")
    return Movements(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))


def _entries(known: KnownHistory, entries: Sequence[EmotionalEntry]) -> Movements:
    table = _entry_of(known, entries)
    notes = known.log.codes.get(NOTE)
    note = np.full(len(known.events), -1) if notes is None else notes[known.events]
    entry = table[known.log.kind[known.events], note]
    event, entry = known.events[entry >= 0], entry[entry >= 0]
    weight = np.array([one.weight for one in entries], dtype=np.float64)
    half_life = np.array([one.half_life_days for one in entries], dtype=np.float64)
    booked = (known.log.account[event], known.log.occurred_at[event], weight[entry], half_life[entry])
    return Movements(*booked, event, np.zeros(len(event), dtype=np.bool_))


def _entry_of(known: KnownHistory, entries: Sequence[EmotionalEntry]) -> NDArray[np.int64]:
    """Kind × note (the last column: none) → the index of the entry that books it, −1 where none does.

    An entry with a topic goes before the one of its kind without.
    """
    topics = [*(note.topic for note in known.log.notes), None]
    indices = {(entry.kind, entry.topic): index for index, entry in enumerate(entries)}
    rows = [[indices.get((kind, topic), indices.get((kind, None), -1)) for topic in topics] for kind in KINDS]
    return np.array(rows, dtype=np.int64)


def _omitted(known: KnownHistory, omission: Omission) -> Movements:
    """What stayed without an answer that happened before its time was over; nothing where answers are not recorded."""
    answers = frozenset(omission.answered_by)
    event = known.of_kinds([omission.kind] if known.records(answers) else [])
    due = _due(known, event, omission.days)
    if answers <= CLOSED_BY.get(omission.kind, frozenset()):
        answered = known.closed_at(event)
    else:
        answered = _next_of(known, known.of_kinds(answers), event)
    late = (due < known.cutoff) & (answered >= due)
    event, count = event[late], int(late.sum())
    columns = (np.full(count, omission.weight), np.full(count, omission.half_life_days))
    return Movements(known.log.account[event], due[late], *columns, event, np.ones(count, dtype=np.bool_))


def _due(known: KnownHistory, event: Indices, days: float | None) -> Instants:
    """When the time for an answer is over, never before the event itself."""
    occurred = known.log.occurred_at[event]
    if days is not None:
        return occurred + round(days * DAY_US)
    return np.full(len(event), NO_DUE) if known.log.due_at is None else np.maximum(known.log.due_at[event], occurred)


def _next_of(known: KnownHistory, answers: Indices, event: Indices) -> Instants:
    """When the first of the events at `answers` happened after each event of the same account, NEVER where none did.

    Events of a log stand by account, then time, so that the next one after a place is the next in time.
    """
    result = np.full(len(event), NEVER)
    if not len(answers):
        return result
    times, account = known.log.occurred_at[answers], known.log.account[answers]
    after = _after(known, answers, event)
    index = np.minimum(after, len(answers) - 1)
    hit = (after < len(answers)) & (account[index] == known.log.account[event])
    result[hit] = times[index[hit]]
    return result


def _after(known: KnownHistory, answers: Indices, event: Indices) -> Indices:
    """The first of `answers` later than each event: those at the very same instant are no answer to it."""
    after = np.searchsorted(answers, event, side="right")
    while True:
        index = np.minimum(after, len(answers) - 1)
        same = (after < len(answers)) & (known.log.account[answers[index]] == known.log.account[event])
        same &= known.log.occurred_at[answers[index]] == known.log.occurred_at[event]
        if not same.any():
            return np.asarray(after, dtype=np.int64)
        after = after + same


@dataclass(frozen=True)
class Booking:
    """A line of the statement. `kind`, `topic`: the event's; `omitted`: it stayed without an answer in time.
    `left`: what is left of `weight` at the statement's instant; `balance`: after this line, at its own instant."""

    at: int
    kind: str
    topic: str | None
    omitted: bool
    weight: float
    left: float
    balance: float


def statement(known: KnownHistory, playbook: Playbook) -> tuple[Booking, ...]:
    """The statement of a single account, oldest line first; what is left adds up to the balance."""
    if known.log.account_count != 1:
        raise ValueError(f"a statement is of one account, not of {known.log.account_count}")
    moved = movements(known, playbook)
    order = np.lexsort((moved.event, moved.booked_at))
    left = moved.left(known.cutoff)
    return tuple(
        Booking(
            at=int(moved.booked_at[index]),
            kind=KINDS[known.log.kind[moved.event[index]]].code,
            topic=_topic(known, int(moved.event[index])),
            omitted=bool(moved.omitted[index]),
            weight=float(moved.weight[index]),
            left=float(left[index]),
            balance=float(_balance_after(moved, order[: rank + 1])),
        )
        for rank, index in enumerate(order)
    )


def _balance_after(moved: Movements, indices: Indices) -> float:
    at = int(moved.booked_at[indices[-1]])
    age = (at - moved.booked_at[indices]) / DAY_US
    return float((moved.weight[indices] * np.exp2(-age / moved.half_life_days[indices])).sum())


def _topic(known: KnownHistory, event: int) -> str | None:
    note = known.log.codes[NOTE][event] if NOTE in known.log.codes else -1
    return known.log.notes[note].topic if note >= 0 else None
