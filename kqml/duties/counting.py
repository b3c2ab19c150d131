"""What counts as a contact, how much each one counts."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kqml.duties.duty_log import Records
from kqml.playbook import Playbook
from kqml.playbook.codes import CHANNELS

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class CountedContacts:
    """The contacts of each channel as known before a cutoff, in order of time; `worth`: 1 where one counts fully."""

    records: dict[str, Records]
    worth: dict[str, Floats]

    def counted(self, channel: str, interval: tuple[int, int], accounts: int) -> Floats:
        """What was counted at each account in a half-open interval of instants."""
        records, worth = self.records[channel], self.worth[channel]
        low, high = np.searchsorted(records.occurred_at, interval)
        result = np.bincount(records.account[low:high], weights=worth[low:high], minlength=accounts)
        return result.astype(np.float64)


def contacts_of(records: Records, playbook: Playbook, cutoff: int) -> CountedContacts:
    """The contacts among the records by the playbook's rules of counting."""
    rule, known = playbook.counting, records.known_before(cutoff)
    result = {channel: known.of(*rule.kinds[channel]) for channel in CHANNELS}
    return CountedContacts(result, {channel: worth_of(chosen, playbook, channel) for channel, chosen in result.items()})


def worth_of(records: Records, playbook: Playbook, channel: str) -> Floats:
    """1 where a contact is long and authentic enough, or does not say; else the share of a part contact."""
    return playbook.counting.worth(channel, records.minutes, records.authenticity)
