"""Values that accounts have from a day on: tier, rep in charge, consent, open or closed."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kqml.calendar.business_time import Instants

Indices = NDArray[np.int64]
Flags = NDArray[np.bool_]


NOT_SAID = -2
"""`before` of a change that does not say it."""


@dataclass(frozen=True)
class Hints:
    """Events in order of time that hint at the value before the first change; `retracted_at`: cutoffs after it no
    longer count one."""

    account: Indices
    value: Indices
    retracted_at: Instants

    def at(self, accounts: int, cutoff: int) -> Indices:
        """Each account's latest hint, -1 without one."""
        result = np.full(accounts, -1, dtype=np.int64)
        counted = self.retracted_at >= cutoff
        result[self.account[counted]] = self.value[counted]
        return result


@dataclass(frozen=True)
class Changes:
    """Changes in order of time. From local day `day` on an account has `value`; before its first change it had
    `before` of that change. An account without changes has `now`. Values are numbers, -1 is unknown.

    Where the first change does not say what was before it, that is `now` if no change brought it, else what `hints`
    say, else `otherwise`: the vectorised `kqml.history.attributes.value_at`.
    """

    account: Indices
    day: Indices
    occurred_at: Instants
    known_at: Instants
    retracted_at: Instants
    value: Indices
    before: Indices
    now: Indices
    hints: Hints | None = None
    otherwise: int = -1

    def grid(self, first: int, last: int, cutoff: int) -> Indices:
        """Accounts × days `first` to `last` (included): the value as known before the cutoff.

        A change that was not known yet is not seen, but what it says of the time before it is.
        """
        start = self.now.copy()
        backwards = np.arange(len(self.account))[::-1]
        start[self.account[backwards]] = self._before(cutoff)[backwards]
        known = (self.known_at < cutoff) & (self.occurred_at < cutoff) & (self.retracted_at >= cutoff)
        early = known & (self.day <= first)
        start[self.account[early]] = self.value[early]
        result = np.repeat(start[:, None], last - first + 1, axis=1)
        for index in np.flatnonzero(known & (self.day > first) & (self.day <= last)).tolist():
            result[self.account[index], self.day[index] - first :] = self.value[index]
        return result

    def at(self, day: int, cutoff: int) -> Indices:
        """Each account's value on a day, as known before the cutoff."""
        return self.grid(day, day, cutoff)[:, 0]

    def first(self) -> Instants:
        """When each account changed first; the end of time where it never did."""
        result = np.full(len(self.now), np.iinfo(np.int64).max)
        np.minimum.at(result, self.account, self.occurred_at)
        return result

    def _before(self, cutoff: int) -> Indices:
        accounts = len(self.now)
        unknown = np.full(accounts, self.otherwise) if self.hints is None else self.hints.at(accounts, cutoff)
        brought = np.zeros(accounts, dtype=np.bool_)
        brought[self.account[self.value == self.now[self.account]]] = True
        unsaid = np.where(brought, unknown, self.now)
        return np.where(self.before == NOT_SAID, unsaid[self.account], self.before)
