"""The columnar event log: arrays sorted by account, then time, that everything numeric reads."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kqml.calendar import Instants

VALUES = ("amount", "quantity", "lines", "minutes", "sentiment", "authenticity")
"""Numeric columns of an event, float64 with NaN where absent."""

CODES = ("contact_id", "channel", "rep_id")
"""Text columns kept as int32 codes (-1 where absent); a code means nothing outside its own log."""


@dataclass(frozen=True)
class EventLog:
    """Events of A accounts as arrays of length n, sorted by account, `occurred_at`, `event_id`.

    `accounts`: A account ids, ascending. Account a owns events `offsets[a]:offsets[a + 1]`; an account may own none.
    `occurred_at`, `known_at`: int64 instants (kqml.calendar). `kind`: uint8 `EventKind.number`.
    `values`: those of VALUES that the data have. `codes`: those of CODES that the data have.
    All arrays are C-contiguous.
    """

    accounts: NDArray[np.object_]
    offsets: NDArray[np.int64]
    occurred_at: Instants
    known_at: Instants
    kind: NDArray[np.uint8]
    values: Mapping[str, NDArray[np.float64]]
    codes: Mapping[str, NDArray[np.int32]]

    def __len__(self) -> int:
        return len(self.kind)

    @property
    def account_count(self) -> int:
        return len(self.accounts)

    def between(self, start: int, stop: int) -> "EventLog":
        """The log of accounts `start:stop` alone, sharing memory."""
        low, high = int(self.offsets[start]), int(self.offsets[stop])
        return EventLog(
            accounts=self.accounts[start:stop],
            offsets=self.offsets[start : stop + 1] - low,
            occurred_at=self.occurred_at[low:high],
            known_at=self.known_at[low:high],
            kind=self.kind[low:high],
            values={name: column[low:high] for name, column in self.values.items()},
            codes={name: column[low:high] for name, column in self.codes.items()},
        )

    def keep(self, mask: NDArray[np.bool_]) -> "EventLog":
        """The same accounts with only the events where `mask` (length n) is true."""
        kept = np.concatenate([[0], np.cumsum(mask)])
        return EventLog(
            accounts=self.accounts,
            offsets=kept[self.offsets],
            occurred_at=self.occurred_at[mask],
            known_at=self.known_at[mask],
            kind=self.kind[mask],
            values={name: column[mask] for name, column in self.values.items()},
            codes={name: column[mask] for name, column in self.codes.items()},
        )

    def account_of_event(self) -> NDArray[np.int64]:
        """For each event the place of its account in `accounts`."""
        return np.repeat(np.arange(self.account_count), np.diff(self.offsets))
