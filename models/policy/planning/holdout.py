"""Actions of the holdout: the playbook's contacts, as often as their reps fulfilled them before."""

import numpy as np

from kqml.playbook.codes import CHANNELS
from models.policy.allocation.problem import NOT_BOOKED, Actions, Flags, Floats, Indices


def playbook_actions(actions: Actions, due: Floats, compliance: Floats, allowed: Flags, draws: Floats) -> Indices:
    """Return each account's action by the cadence; NOT_BOOKED where the week requires none.

    `due`, `compliance`, `draws` (n × channels): due contacts, the share that the rep fulfilled earlier, uniform
    numbers. Channels are drawn in order (visits, calls, messages), each with probability due × compliance; the first
    one drawn is done.
    """
    result = np.full(len(due), NOT_BOOKED, dtype=np.int64)
    probability = due * compliance
    for channel in range(len(CHANNELS)):
        drawn_now = (result == NOT_BOOKED) & (draws[:, channel] < np.minimum(probability[:, channel], 1.0))
        for action in _plain(actions, channel):
            number = actions.contacts[action, channel]
            wanted = drawn_now & allowed[:, action] & ((number <= 1) | (probability[:, channel] >= number))
            result[wanted] = action
    return result


def _plain(actions: Actions, channel: int) -> list[int]:
    """Return actions of this channel alone: the cheapest for each number of contacts, fewest contacts first."""
    alone = [
        index for index, row in enumerate(actions.contacts) if row[channel] > 0 and not np.delete(row, channel).any()
    ]
    best: dict[float, int] = {}
    for index in sorted(alone, key=lambda action: tuple(actions.cost[action])):
        best.setdefault(float(actions.contacts[index, channel]), index)
    return [best[number] for number in sorted(best)]
