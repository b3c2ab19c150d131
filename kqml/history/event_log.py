"""The columnar event log: arrays sorted by account, then time, that everything numeric reads."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kqml.calendar.business_time import Instants
from kqml.events import EventKind

VALUES = ("amount", "quantity", "lines", "minutes", "sentiment", "authenticity")
"""Numeric columns of an event, float64 with NaN where absent."""

CODES = ("contact_id", "channel", "rep_id")
"""Text columns kept as int32 codes (-1 where absent); a code means nothing outside its own log."""

NOTE, OPENS, CLOSES = "note", "opens", "closes"
LINKS = (NOTE, OPENS, CLOSES)
"""Further int32 codes, -1 where absent. NOTE: the place of the event's note in `EventLog.notes`. OPENS: the number,
within its account, of an event that another one refers to; CLOSES: that number at the event which refers to it."""

NO_DUE = np.iinfo(np.int64).max
"""The `due_at` of an event that is due at no time."""

CLOSED_BY: Mapping[EventKind, frozenset[EventKind]] = {
    EventKind.COMPLAINT: frozenset({EventKind.COMPLAINT_RESOLVED}),
    EventKind.PROMISE_MADE: frozenset({EventKind.PROMISE_KEPT}),
    EventKind.PAYMENT_DUE: frozenset({EventKind.PAYMENT_RECEIVED}),
    EventKind.HELP_ASKED: frozenset({EventKind.HELP_RECEIVED}),
}
"""Kinds that stay open until an event of one of these refers to them by its `ref`."""

NOTED = frozenset(
    {EventKind.HELP_ASKED, EventKind.HELP_GIVEN, EventKind.COMPLAINT, EventKind.PROMISE_MADE, EventKind.CARD_UPDATED}
)
"""Kinds whose notes are kept."""


@dataclass(frozen=True)
class EventNote:
    """What numbers are made of in the attributes of an event: its topic, the fields of the customer card it fills."""

    topic: str | None = None
    fields: tuple[str, ...] = ()


@dataclass(frozen=True)
class EventLog:
    """Events of A accounts as arrays of length n, sorted by account, `occurred_at`, `event_id`.

    `accounts`: A account ids, ascending. Account a owns events `offsets[a]:offsets[a + 1]`; an account may own none.
    `occurred_at`, `known_at`: int64 instants (kqml.calendar.business_time). `kind`: uint8 `EventKind.number`.
    `values`: those of VALUES that the data have. `codes`: those of CODES and LINKS that the data have.
    `due_at`: int64 instants, NO_DUE where absent; None where nothing is due. `notes`: the distinct ones.
    All arrays are C-contiguous.
    """

    accounts: NDArray[np.object_]
    offsets: NDArray[np.int64]
    occurred_at: Instants
    known_at: Instants
    kind: NDArray[np.uint8]
    values: Mapping[str, NDArray[np.float64]]
    codes: Mapping[str, NDArray[np.int32]]
    due_at: Instants | None = None
    notes: tuple[EventNote, ...] = ()

    def __len__(self) -> int:
        return len(self.kind)

    @property
    def account_count(self) -> int:
        return len(self.accounts)

    def between(self, start: int, stop: int) -> "EventLog":
        """The log of accounts `start:stop` alone, sharing memory."""
        low, high = int(self.offsets[start]), int(self.offsets[stop])
        return self._taken(self.accounts[start:stop], self.offsets[start : stop + 1] - low, slice(low, high))

    def keep(self, mask: NDArray[np.bool_]) -> "EventLog":
        """The same accounts with only the events where `mask` (length n) is true."""
        retained = np.concatenate([[0], np.cumsum(mask)])
        return self._taken(self.accounts, retained[self.offsets], mask)

    def account_of_event(self) -> NDArray[np.int64]:
        """For each event the place of its account in `accounts`."""
        return np.repeat(np.arange(self.account_count), np.diff(self.offsets))

    def _taken(
        self, accounts: NDArray[np.object_], offsets: NDArray[np.int64], events: slice | NDArray[np.bool_]
    ) -> "EventLog":
        return EventLog(
            accounts=accounts,
            offsets=offsets,
            occurred_at=self.occurred_at[events],
            known_at=self.known_at[events],
            kind=self.kind[events],
            values={name: column[events] for name, column in self.values.items()},
            codes={name: column[events] for name, column in self.codes.items()},
            due_at=None if self.due_at is None else self.due_at[events],
            notes=self.notes,
        )
