"""Rules of streams: how events count where their kind alone does not decide."""

from dataclasses import dataclass
from functools import cached_property

from kqml.events import EventKind
from kqml.grades.emotional_account import entry_of
from kqml.history.closings import Closing
from kqml.playbook.relationship import EmotionalEntry, Omission

COUNTED = "counted"
"""The value of an event by a Counted rule."""


@dataclass(frozen=True)
class Ledger:
    """The emotional account (domain §5): what events pay in or draw out, what is drawn out where nobody answered."""

    entries: tuple[EmotionalEntry, ...]
    omissions: tuple[Omission, ...] = ()

    @cached_property
    def fades(self) -> tuple[tuple[float, int], ...]:
        """The distinct half-lives (days) with the sign of what fades so, in the order of the entries."""
        return tuple(dict.fromkeys(map(_fade, self.entries)))

    def fade_of(self, entry: EmotionalEntry) -> int:
        """Return the index of an entry's half-life and sign in `fades`."""
        return self.fades.index(_fade(entry))

    @property
    def kinds(self) -> frozenset[EventKind]:
        return frozenset(entry.kind for entry in self.entries)

    def entry_of(self, kind: EventKind, topic: str | None) -> EmotionalEntry | None:
        """What an event books: the entry of its kind and topic, else the one of its kind alone."""
        return entry_of(self.entries, kind, topic)


def _fade(entry: EmotionalEntry) -> tuple[float, int]:
    return entry.half_life_days, 1 if entry.weight >= 0 else -1


@dataclass(frozen=True)
class CountingRule:
    """What a contact counts: 1 with at least the minutes of its kind and that authenticity, each where it is recorded,
    otherwise `part_share`."""

    min_minutes: tuple[tuple[EventKind, float], ...]
    min_authenticity: float
    part_share: float


@dataclass(frozen=True)
class Card:
    """The fields of the customer card, each by the names that it goes by, with its weight."""

    fields: tuple[tuple[tuple[str, ...], float], ...]


Rule = Closing | Ledger | CountingRule | Card
