"""The columnar event log: arrays sorted by account, then time, that everything numeric reads."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from kqml.calendar.business_time import Instants
from kqml.events import KINDS, EventKind
from kqml.history.known_steps import KnownSteps, known_steps
from kqml.history.retractions import NEVER
from kqml.history.searching import first_at_or_after

VALUES = ("amount", "quantity", "lines", "minutes", "sentiment", "authenticity")
"""Numeric columns of an event, float64 with NaN where absent."""

CODES = ("contact_id", "channel", "rep_id")
"""Text columns kept as int32 codes (-1 where absent); a code means nothing outside its own log."""

NOTE, OPENS, CLOSES = "note", "opens", "closes"
LINKS = (NOTE, OPENS, CLOSES)
"""Further int32 codes, -1 where absent. NOTE: the index of the event's note in `EventLog.notes`. OPENS: the number,
within its account, of an event that another one refers to; CLOSES: that number at the event which refers to it."""

NO_DUE = np.iinfo(np.int64).max
"""The `due_at` of an event that is due at no time."""

NOTED = frozenset(
    {EventKind.HELP_ASKED, EventKind.HELP_GIVEN, EventKind.COMPLAINT, EventKind.PROMISE_MADE, EventKind.CARD_UPDATED}
)
"""Kinds whose notes are kept."""


Indices: TypeAlias = NDArray[np.int64]
Events: TypeAlias = int | NDArray[np.integer] | NDArray[np.bool_]
"""Which events of a log: an index, indices, a mask."""


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
    `retracted_at`: int64 instants after which no cutoff counts an event (kqml.history.retractions); None where nothing
    is retracted. All arrays are C-contiguous.
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
    retracted_at: Instants | None = None

    def __len__(self) -> int:
        return len(self.kind)

    @property
    def account_count(self) -> int:
        return len(self.accounts)

    def known_before(self, cutoff: int) -> NDArray[np.bool_]:
        """Whether each event was recorded before a cutoff, and not retracted by then, whenever it happens."""
        known = self.known_at < cutoff
        return known if self.retracted_at is None else known & (self.retracted_at >= cutoff)

    def visible_before(self, cutoff: int) -> NDArray[np.bool_]:
        """Whether each event had happened before a cutoff, was recorded, and not retracted by then."""
        return (self.occurred_at < cutoff) & self.known_before(cutoff)

    def visible_at(self, events: Events) -> Instants:
        """The instants after which events count as known: they have happened and were recorded."""
        return np.maximum(self.occurred_at[events], self.known_at[events])

    def retraction_of(self, events: Events) -> Instants:
        """The instants after which no cutoff counts events, NEVER where nobody retracted them."""
        if self.retracted_at is None:
            return np.full_like(self.occurred_at[events], NEVER)
        return np.asarray(self.retracted_at[events], dtype=np.int64)

    def as_known_before(self, cutoff: int) -> "EventLog":
        """The log of what was recorded before a cutoff and not retracted by then, for whichever later cutoffs."""
        return replace(self.keep(self.known_before(cutoff)), retracted_at=None)

    def settled(self) -> "EventLog":
        """The log of what happened by all that is known: without events that were ever retracted."""
        return self if self.retracted_at is None else replace(self.keep(self.retracted_at == NEVER), retracted_at=None)

    def between(self, start: int, stop: int) -> "EventLog":
        """The log of accounts `start:stop` alone, sharing memory."""
        low, high = int(self.offsets[start]), int(self.offsets[stop])
        return self._taken(self.accounts[start:stop], self.offsets[start : stop + 1] - low, slice(low, high))

    def keep(self, mask: NDArray[np.bool_]) -> "EventLog":
        """The same accounts with only the events where `mask` (length n) is true."""
        retained = np.concatenate([[0], np.cumsum(mask)])
        return self._taken(self.accounts, retained[self.offsets], mask)

    def value(self, name: str, events: Events) -> NDArray[np.float64]:
        """A value of each event, NaN where it is absent."""
        column = self.values.get(name)
        return np.asarray(
            np.full_like(self.occurred_at[events], np.nan, np.float64) if column is None else column[events]
        )

    def due(self, events: Events) -> Instants:
        """When events are due, NO_DUE where at no time."""
        if self.due_at is None:
            return np.full_like(self.occurred_at[events], NO_DUE)
        return np.asarray(self.due_at[events], dtype=np.int64)

    def of_kinds(self, kinds: Iterable[EventKind]) -> "EventLog":
        """The log of the events of these kinds, with their instants and kinds alone."""
        chosen = np.flatnonzero(mask_of_kinds(kinds)[self.kind])
        return EventLog(
            accounts=self.accounts,
            offsets=np.searchsorted(chosen, self.offsets),
            occurred_at=self.occurred_at[chosen],
            known_at=self.known_at[chosen],
            kind=self.kind[chosen],
            values={},
            codes={},
            retracted_at=None if self.retracted_at is None else self.retracted_at[chosen],
        )

    @cached_property
    def account(self) -> Indices:
        """For each event the index of its account in `accounts`."""
        return np.repeat(np.arange(self.account_count), np.diff(self.offsets))

    @cached_property
    def known_steps(self) -> KnownSteps:
        """The steps by which the events became known, in which any account is looked up at any instant."""
        return known_steps(self.offsets, np.maximum(self.occurred_at, self.known_at), self.retracted_at)

    def is_known(self, events: Events, instants: Instants) -> NDArray[np.bool_]:
        """Whether each event was known and not retracted before each instant."""
        known = self.visible_at(events) < instants
        return known if self.retracted_at is None else known & (self.retracted_at[events] >= instants)

    def next_from(self, account: NDArray[np.integer], instants: Instants) -> Indices:
        """The index of each account's first event at or after each instant; the account's end where none is."""
        return first_at_or_after(self.occurred_at, self.offsets[account], self.offsets[account + 1], instants)

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
            retracted_at=None if self.retracted_at is None else self.retracted_at[events],
        )


def mask_of_kinds(kinds: Iterable[EventKind]) -> NDArray[np.bool_]:
    """Per `EventKind.number` whether it is one of the kinds."""
    mask = np.zeros(len(KINDS), dtype=np.bool_)
    mask[[kind.number for kind in kinds]] = True
    return mask
