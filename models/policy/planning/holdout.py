"""What held-out accounts get: the playbook's contacts, as often as their reps kept them before."""

import numpy as np

from kqml.playbook.codes import CHANNELS
from models.policy.allocation.problem import NOT_BOOKED, Actions, Flags, Floats, Indices


def playbook_actions(actions: Actions, due: Floats, retained: Floats, allowed: Flags, draws: Floats) -> Indices:
    """Per account the package of its cadence; NOT_BOOKED where the week brings none.

    `due`, `retained`, `draws` (n × channels): contacts owed, the share that the rep kept earlier, uniform numbers.
    The first channel whose chance, owed × kept, falls is done: visits, then calls, then messages.
    """
    result = np.full(len(due), NOT_BOOKED, dtype=np.int64)
    probability = due * retained
    for channel in range(len(CHANNELS)):
        falls = (result == NOT_BOOKED) & (draws[:, channel] < np.minimum(probability[:, channel], 1.0))
        for package in _plain(actions, channel):
            number = actions.contacts[package, channel]
            wanted = falls & allowed[:, package] & ((number <= 1) | (probability[:, channel] >= number))
            result[wanted] = package
    return result


def _plain(actions: Actions, channel: int) -> list[int]:
    """Packages of this channel alone, the cheapest for each number of contacts, fewest contacts first."""
    alone = [
        place for place, row in enumerate(actions.contacts) if row[channel] > 0 and not np.delete(row, channel).any()
    ]
    best: dict[float, int] = {}
    for place in sorted(alone, key=lambda one: tuple(actions.cost[one])):
        best.setdefault(float(actions.contacts[place, channel]), place)
    return [best[number] for number in sorted(best)]
