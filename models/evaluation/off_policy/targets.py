"""Target policies by name, as action probabilities of logged decisions."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from kqml.errors import BadUse, Fault
from kqml.near_match import use_known
from kqml.playbook import Playbook
from kqml.playbook.codes import CHANNELS
from models.evaluation.off_policy.randomised_rows import Flags, Floats
from models.policy.allocation.problem import WAIT, Actions

WEEKS_PER_MONTH = 365.25 / 12 / 7
KQML, PLAYBOOK = "kqml", "playbook"


def target_named(name: str, playbook: Playbook, tier: NDArray[np.object_], eligible: Flags) -> Floats:
    """Return n × K probabilities of `playbook`, or of one action for every account.

    The probability of an action that is not eligible goes to `wait`. Raises BadUse for a name that is neither.
    """
    if name != PLAYBOOK and name not in playbook.action_names:
        known = use_known(name, (KQML, PLAYBOOK, *playbook.action_names))
        raise BadUse(
            "The target policy does not exist.",
            [Fault("policy", f"{name!r} is not a policy", f"{known}, or give a file")],
        )
    if name == PLAYBOOK:
        return within(playbook_probabilities(playbook, tier), eligible)
    probabilities = np.zeros(eligible.shape)
    probabilities[:, playbook.action_names.index(name)] = 1.0
    return within(probabilities, eligible)


def within(probabilities: Floats, eligible: Flags) -> Floats:
    """Return the probabilities with those of actions that are not eligible moved to `wait`."""
    result = np.where(eligible, probabilities, 0.0)
    result[:, WAIT] += 1.0 - result.sum(axis=1)
    return result


def playbook_probabilities(playbook: Playbook, tier: NDArray[np.object_]) -> Floats:
    """Return n × K probabilities of a week's action by the playbook's cadence, contacts spread evenly over the month.

    A week has one action: visits come first (two where one a week is not enough), then calls, then messages, until the
    probabilities add up to 1. Without a tier: `wait`.
    """
    rows = {name: _probabilities(playbook, row) for name, row in playbook.cadence.items()}
    nothing = np.eye(len(playbook.actions))[WAIT]
    names, code = np.unique(tier.astype(str), return_inverse=True)
    return np.array([rows.get(name, nothing) for name in names])[code]


def _probabilities(playbook: Playbook, cadence: Mapping[str, float]) -> Floats:
    actions = Actions.of(playbook)
    result, left = np.zeros(len(actions.names)), 1.0
    for index, channel in enumerate(CHANNELS):
        required = cadence[channel] / WEEKS_PER_MONTH
        for action, probability in _mixture(actions, index, required, left):
            result[action] += probability
            left -= probability
    result[WAIT] += left
    return result


def _mixture(actions: Actions, channel: int, required: float, left: float) -> Sequence[tuple[int, float]]:
    """Return actions of one channel alone with probabilities of at most `left` in all, for `required` contacts."""
    alone = np.flatnonzero((actions.contacts > 0).sum(axis=1) == 1)
    brings = actions.contacts[:, channel]
    numbers = {int(brings[action]): int(action) for action in alone[::-1] if brings[action]}
    if not numbers or left <= 0:
        return []
    most, least = max(numbers), min(numbers)
    if required <= left * least or most == least:
        return [(numbers[least], min(required / least, left))]
    # A mixture of two actions whose expected contacts are exactly the required ones.
    more = min((required - left * least) / (most - least), left)
    return [(numbers[most], more), (numbers[least], left - more)]
