"""The emotional account (domain §5): what contacts pay in and draw out, what is left of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kqml.calendar.business_time import DAY_US, Instants
from kqml.events import KINDS, EventKind
from kqml.history.closings import CLOSED_BY, Closing, due_instants, is_closed
from kqml.history.event_log import NOTE, Indices
from kqml.history.known_history import Floats, KnownHistory
from kqml.playbook import Playbook
from kqml.playbook.relationship import EmotionalEntry, Omission


@dataclass(frozen=True)
class Movements:
    """What was booked, in no order: the account's index, the instant, what it was worth then, what halves it.

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
    return any(known.records([omission.kind]) and known.records(omission.answered_by) for omission in watched)


def movements(known: KnownHistory, playbook: Playbook) -> Movements:
    """Everything booked before the cutoff by what was known then."""
    parts = [_entries(known, playbook.emotional)]
    parts += [_omitted(known, omission) for omission in playbook.emotional_omissions]
    names = ("account", "booked_at", "weight", "half_life_days", "event", "omitted")
    return Movements(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))


def _entries(known: KnownHistory, entries: Sequence[EmotionalEntry]) -> Movements:
    table = _entry_indices(known, entries)
    notes = known.log.codes.get(NOTE)
    note = np.full(len(known.events), -1) if notes is None else notes[known.events]
    entry = table[known.log.kind[known.events], note]
    event, entry = known.events[entry >= 0], entry[entry >= 0]
    weight = np.array([entry.weight for entry in entries], dtype=np.float64)
    half_life = np.array([entry.half_life_days for entry in entries], dtype=np.float64)
    booked = (known.log.account[event], known.log.occurred_at[event], weight[entry], half_life[entry])
    return Movements(*booked, event, np.zeros(len(event), dtype=np.bool_))


def _entry_indices(known: KnownHistory, entries: Sequence[EmotionalEntry]) -> NDArray[np.int64]:
    """Kind × note (the last column: none) → the index of the entry that books it, −1 where none does."""
    topics = [*(note.topic for note in known.log.notes), None]
    indices = {entry: index for index, entry in enumerate(entries)}
    rows = [[_index(indices, entry_of(entries, kind, topic)) for topic in topics] for kind in KINDS]
    return np.array(rows, dtype=np.int64)


def _index(indices: Mapping[EmotionalEntry, int], entry: EmotionalEntry | None) -> int:
    return -1 if entry is None else indices[entry]


def entry_of(entries: Sequence[EmotionalEntry], kind: EventKind, topic: str | None) -> EmotionalEntry | None:
    """Return what an event books: the entry of its kind and topic, else the one of its kind alone, None without."""
    result = {entry.topic: entry for entry in entries if entry.kind is kind}
    return result.get(topic, result.get(None))


def closing_of(omission: Omission) -> Closing:
    """Return how what an omission watches is answered in time."""
    answers = frozenset(omission.answered_by)
    referring = answers <= CLOSED_BY.get(omission.kind, frozenset())
    return Closing(answers, referring, due_at=omission.days is None, due_days=omission.days, in_time=True)


def _omitted(known: KnownHistory, omission: Omission) -> Movements:
    """What stayed without an answer that happened before its time was over; nothing where answers are not recorded.

    It is booked when that time is over, never before the event itself: imported invoices may be due before they exist.
    """
    closing = closing_of(omission)
    event = known.of_kinds([omission.kind] if known.records(closing.kinds) else [])
    booked = np.maximum(due_instants(known.log, event, closing), known.log.occurred_at[event])
    late = (booked < known.cutoff) & ~is_closed(known, event, closing)
    event, count = event[late], int(late.sum())
    columns = (np.full(count, omission.weight), np.full(count, omission.half_life_days))
    return Movements(known.log.account[event], booked[late], *columns, event, np.ones(count, dtype=np.bool_))


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
