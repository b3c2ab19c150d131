"""Values that accounts have from a day on: tier, rep in charge, consent, open or closed."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kqml.calendar.business_time import Instants

Indices = NDArray[np.int64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class Changes:
    """Changes in order of time. From local day `day` on an account has `value`; before its first change it had
    `before` of that change. An account without changes has `now`. Values are numbers, -1 is unknown."""

    account: Indices
    day: Indices
    occurred_at: Instants
    known_at: Instants
    value: Indices
    before: Indices
    now: Indices

    def grid(self, first: int, last: int, cutoff: int) -> Indices:
        """Accounts × days `first` to `last` (included): the value as known before the cutoff.

        A change that was not known yet is not seen, but what it says of the time before it is.
        """
        start = self.now.copy()
        backwards = np.arange(len(self.account))[::-1]
        start[self.account[backwards]] = self.before[backwards]
        known = (self.known_at < cutoff) & (self.occurred_at < cutoff)
        early = known & (self.day <= first)
        start[self.account[early]] = self.value[early]
        result = np.repeat(start[:, None], last - first + 1, axis=1)
        for place in np.flatnonzero(known & (self.day > first) & (self.day <= last)).tolist():
            result[self.account[place], self.day[place] - first :] = self.value[place]
        return result

    def at(self, day: int, cutoff: int) -> Indices:
        """Each account's value on a day, as known before the cutoff."""
        return self.grid(day, day, cutoff)[:, 0]

    def first(self) -> Instants:
        """When each account changed first; the end of time where it never did."""
        result = np.full(len(self.now), np.iinfo(np.int64).max)
        np.minimum.at(result, self.account, self.occurred_at)
        return result

    def with_before(self, hints: Indices) -> "Changes":
        """Where a first change does not say what was before it, `hints` by account do."""
        before = np.where(self.before < 0, hints[self.account], self.before)
        return Changes(self.account, self.day, self.occurred_at, self.known_at, self.value, before, self.now)
