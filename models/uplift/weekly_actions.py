"""The playbook action of each account and week, derived from recorded contacts."""

import numpy as np
from numpy.typing import NDArray

from kqml.calendar.business_time import DAY_US, Instants
from kqml.events import EventKind
from kqml.history.event_log import EventLog
from kqml.history.searching import first_at_or_after
from kqml.playbook import Playbook
from models.uplift.sample import Codes, Flags

CHANNELS = {"visit": EventKind.VISIT, "call": EventKind.CALL, "message": EventKind.MESSAGE}
HELP = "help_offer"
"""The action with the contacts of a visit and help given in the same week."""

WEEK_US = 7 * DAY_US


def contacts_between(
    log: EventLog, kind: EventKind, account: NDArray[np.int32], start: Instants
) -> tuple[Codes, Instants]:
    """Return per row the number of events of a kind in the week from `start`, and the time of the first (the week's end
    if none)."""
    log = log.settled()
    chosen = np.flatnonzero(log.kind == kind.number)
    offsets = np.searchsorted(chosen, log.offsets)
    times = log.occurred_at[chosen]
    low, high = offsets[account], offsets[account + 1]
    first = first_at_or_after(times, low, high, start)
    after = first_at_or_after(times, low, high, start + WEEK_US)
    count = after - first
    when = np.where(count > 0, times[np.minimum(first, max(len(times) - 1, 0))] if len(times) else 0, start + WEEK_US)
    return np.asarray(count, dtype=np.int64), np.asarray(when, dtype=np.int64)


def actions_done(
    log: EventLog, playbook: Playbook, account: NDArray[np.int32], monday: Instants
) -> tuple[Codes, Instants]:
    """Return per row the index of the week's action in `playbook.actions` and the time of the week's first contact.

    It is the largest action (in minutes) whose contacts were all made. Of actions with equal contacts it is the one of
    help where help was given, else the other one.
    """
    counts, firsts = zip(*(contacts_between(log, kind, account, monday) for kind in CHANNELS.values()), strict=True)
    helped, _ = contacts_between(log, EventKind.HELP_GIVEN, account, monday)
    output = dict(zip(CHANNELS, counts, strict=True))
    result = np.zeros(len(account), dtype=np.int64)
    largest = np.zeros(len(account))
    for code, action in enumerate(playbook.actions):
        fits: Flags = np.full(len(account), bool(action.contacts))
        for channel, number in action.contacts.items():
            fits &= output[channel] >= number
        if action.name == HELP:
            fits &= helped > 0
        better = fits & (action.minutes > largest)
        result[better], largest[better] = code, action.minutes
    return result, np.min(firsts, axis=0)
