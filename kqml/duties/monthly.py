"""A calendar month seen day by day: who looked after which account in which tier, on which days something was owed."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

from kqml.calendar.business_time import local_midnight
from kqml.calendar.workdays import Workdays
from kqml.dataset.tables import TIERS
from kqml.duties.inputs import DutyInputs
from kqml.duties.period import day_number, month_after, month_before
from kqml.duties.reps import absences
from kqml.playbook import Playbook
from kqml.playbook.codes import CHANNELS

Indices = NDArray[np.int64]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class MonthView:
    """A month of n local days from `first` (days since 1970), for A accounts as known before a cutoff.

    `working`, `quiet` (n): working days, declared quiet ones. `tier`, `owner` (A × n): index, -1 unknown. `open`,
    `leave` (A × n): the account is open; its rep is on leave. `start`, `end`: the month's instants.
    """

    first: int
    start: int
    end: int
    working: Flags
    quiet: Flags
    tier: NDArray[np.int8]
    owner: NDArray[np.int32]
    open: Flags
    leave: Flags

    @property
    def days(self) -> Indices:
        return np.arange(self.first, self.first + len(self.working))

    @property
    def workdays(self) -> int:
        """Working days of the whole month, by which targets are divided."""
        return int(self.working.sum())

    @property
    def required(self) -> Flags:
        """Accounts × days on which contact is owed: working, not quiet, open, the rep not on leave."""
        return (self.working & ~self.quiet) & self.open & ~self.leave

    def prorated(self, per_tier: Mapping[str, float], until: int | None = None) -> Floats:
        """The month's target by account: each tier's, by the share of the working days on which it is owed.

        `until`: only days before it (days since 1970).
        """
        counted = self.required if until is None else self.required & (self.days < until)
        total = np.zeros(len(self.tier))
        for index, name in enumerate(TIERS):
            total += per_tier[name] * (counted & (self.tier == index)).sum(axis=1)
        return total / max(self.workdays, 1)

    def day_indices(self, days: Indices) -> Indices:
        """Indices of local days in this month, those outside it at its nearest end."""
        return np.clip(days - self.first, 0, len(self.working) - 1)


def month_view(book: DutyInputs, calendar: Workdays, month: date, cutoff: int) -> MonthView:
    """The month that begins on `month`."""
    last_day = month_after(month) - timedelta(days=1)
    first, last = day_number(month), day_number(last_day)
    days = np.arange(first, last + 1)
    eligibility, zone = book.standing, book.events.time_zone
    owner = eligibility.owner.grid(first, last, cutoff).astype(np.int32)
    away = absences(book.events.reps, days)
    is_open = (eligibility.status.grid(first, last, cutoff) == 1) & (days >= eligibility.opened[:, None])
    return MonthView(
        first=first,
        start=local_midnight(month, zone),
        end=local_midnight(month_after(month), zone),
        working=calendar.between(month, last_day),
        quiet=quiet_days(book, days),
        tier=eligibility.tier.grid(first, last, cutoff).astype(np.int8),
        owner=owner,
        open=is_open,
        leave=away[owner, np.arange(len(days))],
    )


def quiet_days(book: DutyInputs, days: Indices) -> Flags:
    """Which local days are declared quiet."""
    quiet = np.zeros(len(days), dtype=np.bool_)
    for start, end in book.quiet.tolist():
        quiet |= (days >= start) & (days < end)
    return quiet


def span_of(playbook: Playbook, channel: str) -> dict[str, int]:
    """Tier → the calendar months over which its cadence is owed: more than one where it is below one a month."""
    return {tier: _months(row[channel]) for tier, row in playbook.cadence.items()}


MOST_MONTHS = 12


def _months(cadence: float) -> int:
    return 1 if cadence <= 0 or cadence >= 1 else min(MOST_MONTHS, int(np.ceil(1 / cadence)))


def months_back(playbook: Playbook, month: date) -> list[date]:
    """The months up to this one that the cadence of any tier looks at, oldest first."""
    months = max(count for channel in CHANNELS for count in span_of(playbook, channel).values())
    results = [month]
    while len(results) < months:
        results.insert(0, month_before(results[0]))
    return results
