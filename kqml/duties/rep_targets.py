"""What a month held each rep to, account by account: contacts owed, contacts counted."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kqml.calendar.business_time import local_days
from kqml.dataset.tables import TIERS
from kqml.duties.counted_contacts import CountedContacts
from kqml.duties.inputs import DutyInputs
from kqml.duties.monthly import MonthView
from kqml.playbook import Playbook
from kqml.playbook.codes import CHANNELS

Indices = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class RepTargets:
    """The pairs of account, rep and tier that stood together on at least one day owed; `keys`: ascending, one for each.

    `rep`, `tier`: indices, a rep of -1 is nobody. `target`, `counted`: by channel, of each pair.
    """

    month: str
    keys: Indices
    rep: Indices
    tier: Indices
    target: Mapping[str, Floats]
    counted: Mapping[str, Floats]

    def aligned(self, keys: Indices, values: Floats) -> Floats:
        """Values of the pairs with these keys, 0 where the month had no such pair."""
        if not len(self.keys):
            return np.zeros(len(keys))
        index = np.minimum(np.searchsorted(self.keys, keys), len(self.keys) - 1)
        return np.where(self.keys[index] == keys, values[index], 0.0)


def rep_targets(
    book: DutyInputs, playbook: Playbook, view: MonthView, contacts: CountedContacts, until: int
) -> RepTargets:
    """The month's pairs, by the days before `until`; a contact counts for the pair of the day on which it was made."""
    required = view.required & (view.days < until) & (view.tier >= 0)
    account, day = np.nonzero(required)
    keys, days = np.unique(_keys(book, view, account, day), return_counts=True)
    pair, tier = np.divmod(keys, len(TIERS))
    share = days / max(view.workdays, 1)
    cadence = {channel: np.array([playbook.cadence[name][channel] for name in TIERS]) for channel in CHANNELS}
    return RepTargets(
        month=str(np.datetime64(view.first, "D").astype("datetime64[M]")),
        keys=keys,
        rep=pair % (len(book.events.reps) + 1) - 1,
        tier=tier,
        target={channel: cadence[channel][tier] * share for channel in CHANNELS},
        counted={channel: _counted(book, view, contacts, keys, channel) for channel in CHANNELS},
    )


def _keys(book: DutyInputs, view: MonthView, account: Indices, day: Indices) -> Indices:
    """One number for each account, rep, tier as they stood on a day of the month."""
    pair = account * (len(book.events.reps) + 1) + view.owner[account, day] + 1
    return np.asarray(pair * len(TIERS) + view.tier[account, day], dtype=np.int64)


def _counted(book: DutyInputs, view: MonthView, contacts: CountedContacts, keys: Indices, channel: str) -> Floats:
    events, worth = contacts.within(channel, (view.start, view.end))
    day = view.day_indices(local_days(book.log.occurred_at[events], book.events.time_zone))
    output = _keys(book, view, book.log.account[events], day)
    index = np.minimum(np.searchsorted(keys, output), max(len(keys) - 1, 0))
    fits = keys[index] == output if len(keys) else np.zeros(len(output), dtype=np.bool_)
    return np.bincount(index[fits], weights=worth[fits], minlength=len(keys)).astype(np.float64)
