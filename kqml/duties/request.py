"""The question that every duty answers: a book, the rules, a cutoff, a period."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kqml.calendar.business_time import local_days
from kqml.dataset.tables import TIERS
from kqml.duties.counted_contacts import CountedContacts
from kqml.duties.inputs import DutyInputs
from kqml.history.known_history import KnownHistory
from kqml.playbook import Playbook

Indices = NDArray[np.int64]


@dataclass(frozen=True)
class DutyRequest:
    """`known`: the events known before the cutoff; `contacts`: what counts among them. `start`, `end`: the instants
    of the period. `cutoff_day`: the local day of the cutoff, in days since 1970."""

    book: DutyInputs
    playbook: Playbook
    cutoff: int
    cutoff_day: int
    start: int
    end: int
    known: KnownHistory
    contacts: CountedContacts

    @property
    def accounts(self) -> int:
        return self.book.log.account_count

    def is_open(self, day: int) -> NDArray[np.bool_]:
        """Accounts that are open on a local day, as known."""
        eligibility = self.book.standing
        return np.asarray((eligibility.status.at(day, self.cutoff) == 1) & (eligibility.opened <= day))

    def tier(self, day: int) -> Indices:
        return self.book.standing.tier.at(day, self.cutoff)

    def owner(self, day: int) -> Indices:
        return self.book.standing.owner.at(day, self.cutoff)

    def forbidden(self, day: int, channel: str) -> NDArray[np.bool_]:
        """Accounts that must not be called or written to on a day: they do not consent."""
        return np.asarray((self.book.standing.consent.at(day, self.cutoff) == 0) & (channel in ("call", "message")))

    def day_of(self, instant: int) -> int:
        """The local day of an instant, in days since 1970."""
        return int(local_days(np.array([instant]), self.book.events.time_zone)[0])

    @property
    def last_known_day(self) -> int:
        """The local day of the last instant before the cutoff, at most the period's last."""
        return self.cutoff_day - 1

    def must(self, due_by: Indices | int) -> NDArray[np.bool_]:
        """What is due by the end of the period cannot wait for the next one."""
        return np.asarray(due_by) <= self.end


def tier_mask(tier: Indices, names: Sequence[str]) -> NDArray[np.bool_]:
    """Return which of these indices of tiers are those of the names."""
    return np.isin(tier, [TIERS.index(name) for name in names])
