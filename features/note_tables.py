"""Tables of notes: the ledger's weights and the customer card's fields by event kind and note."""

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from features.rule_lowering import only
from features.rules import Card, Ledger, Rule
from kqml.events import KINDS
from kqml.history.event_log import EventNote


class NoteTables:
    """Tables for one log after another; made once for a plan."""

    def __init__(self, rules: Iterable[Rule | None]) -> None:
        given = tuple(rules)
        ledger: Ledger | None = only(given, Ledger)
        card: Card | None = only(given, Card)
        self._plain = _booked(ledger, None)
        topics = {entry.topic for entry in ledger.entries} if ledger else set()
        self._by_topic = {topic: _booked(ledger, topic) for topic in topics if topic is not None}
        names = card.fields if card else ()
        self._bits = {name: 1 << bit for bit, (known_as, _) in enumerate(names) for name in known_as}

    def books(self, notes: Sequence[EventNote]) -> NDArray[np.float64]:
        """Return (2, kinds, notes + 1): weight, index of the fade (-1 none); column 0 is for events without a note."""
        columns = [self._by_topic.get(note.topic or "", self._plain) for note in notes]
        return np.ascontiguousarray(np.stack([self._plain, *columns], axis=2))

    def fields(self, notes: Sequence[EventNote]) -> NDArray[np.int64]:
        """Return (notes + 1): the fields of the card that a note fills, as bits; 0 is for events without a note."""
        return np.array([0, *map(self._filled, notes)], dtype=np.int64)

    def _filled(self, note: EventNote) -> int:
        bits = 0
        for name in note.fields:
            bits |= self._bits.get(name, 0)
        return bits


def _booked(ledger: Ledger | None, topic: str | None) -> NDArray[np.float64]:
    """Return (2, kinds): weight and index of the fade that an event of each kind with that topic books."""
    table = np.zeros((2, len(KINDS)))
    table[1] = -1.0
    if ledger is not None:
        for kind in ledger.kinds:
            entry = ledger.entry_of(kind, topic)
            if entry is not None:
                table[:, kind.number] = entry.weight, ledger.fade_of(entry)
    return table
