"""The contacts that count towards duties, by channel."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kqml.calendar.business_time import Instants
from kqml.history.event_log import EventLog, Indices
from kqml.history.known_history import KnownHistory
from kqml.playbook import Playbook
from kqml.playbook.codes import CHANNELS

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class CountedContacts:
    """The contacts of each channel as known before a cutoff: indices into the log in order of time, their instants.
    `worth`: 1 where one counts fully."""

    log: EventLog
    events: Mapping[str, Indices]
    occurred_at: Mapping[str, Instants]
    worth: Mapping[str, Floats]

    def within(self, channel: str, interval: tuple[int, int]) -> tuple[Indices, Floats]:
        """The contacts of a half-open interval of instants in order of time, what each counts."""
        low, high = np.searchsorted(self.occurred_at[channel], interval)
        return self.events[channel][low:high], self.worth[channel][low:high]

    def counted(self, channel: str, interval: tuple[int, int]) -> Floats:
        """What was counted at each account in a half-open interval of instants."""
        events, worth = self.within(channel, interval)
        counts = np.bincount(self.log.account[events], weights=worth, minlength=self.log.account_count)
        return counts.astype(np.float64)

    def latest(self, channels: Sequence[str]) -> Instants:
        """When each account had its last contact of these channels that counts fully; the first instant for never."""
        latest = np.full(self.log.account_count, np.iinfo(np.int64).min)
        for channel in channels:
            events = self.events[channel][self.worth[channel] >= 1]
            np.maximum.at(latest, self.log.account[events], self.log.occurred_at[events])
        return latest


def counted_contacts(known: KnownHistory, playbook: Playbook) -> CountedContacts:
    """Return the contacts by the playbook's rules of counting: 1 where one is long and authentic enough, or does not
    say; else the share of a part contact."""
    log, rule = known.log, playbook.counting
    events = {channel: known.in_order_of_time(rule.kinds[channel]) for channel in CHANNELS}
    return CountedContacts(
        log=log,
        events=events,
        occurred_at={channel: log.occurred_at[rows] for channel, rows in events.items()},
        worth={
            channel: rule.worth(channel, log.value("minutes", rows), log.value("authenticity", rows))
            for channel, rows in events.items()
        },
    )
