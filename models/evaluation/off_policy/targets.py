"""Target policies by name: what they would do with logged decisions."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from kqml.errors import BadUse, Fault
from kqml.playbook import Playbook
from kqml.playbook.codes import CHANNELS
from models.evaluation.off_policy.randomised_rows import Flags, Floats
from models.policy.allocation.problem import WAIT, Actions

WEEKS_PER_MONTH = 365.25 / 12 / 7
PLAYBOOK = "playbook"


def target_named(name: str, playbook: Playbook, tier: NDArray[np.object_], eligible: Flags) -> Floats:
    """n × K chances of `playbook` or of an action for everybody. Where an action is not eligible, its chance goes to
    the first one. Raises BadUse for a name that is neither."""
    if name != PLAYBOOK and name not in playbook.action_names:
        known = ", ".join((PLAYBOOK, *playbook.action_names))
        raise BadUse("There is no such policy.", [Fault("policy", f"{name!r} is not known", f"use {known} or a file")])
    if name == PLAYBOOK:
        return within(playbook_probabilities(playbook, tier), eligible)
    probabilities = np.zeros(eligible.shape)
    probabilities[:, playbook.action_names.index(name)] = 1.0
    return within(probabilities, eligible)


def within(probabilities: Floats, eligible: Flags) -> Floats:
    """The same chances with what is not eligible moved to the first action."""
    result = np.where(eligible, probabilities, 0.0)
    result[:, WAIT] += 1.0 - result.sum(axis=1)
    return result


def playbook_probabilities(playbook: Playbook, tier: NDArray[np.object_]) -> Floats:
    """The playbook's cadence as chances of a week's package: contacts of a month spread evenly over its weeks.

    A week has one package: visits come first (two where one a week is not enough), then calls, then messages, as far as
    the week's chance goes. Without a tier: to wait.
    """
    rows = {name: _probabilities(playbook, row) for name, row in playbook.cadence.items()}
    nothing = np.eye(len(playbook.actions))[WAIT]
    names, place = np.unique(tier.astype(str), return_inverse=True)
    return np.array([rows.get(name, nothing) for name in names])[place]


def _probabilities(playbook: Playbook, cadence: Mapping[str, float]) -> Floats:
    packages = Actions.of(playbook)
    result, left = np.zeros(len(packages.names)), 1.0
    for place, channel in enumerate(CHANNELS):
        required = cadence[channel] / WEEKS_PER_MONTH
        for package, probability in _mixture(packages, place, required, left):
            result[package] += probability
            left -= probability
    result[WAIT] += left
    return result


def _mixture(packages: Actions, channel: int, required: float, left: float) -> Sequence[tuple[int, float]]:
    """Packages of one channel alone with chances that add up to at most `left`, for `required` contacts if they can."""
    alone = np.flatnonzero((packages.contacts > 0).sum(axis=1) == 1)
    brings = packages.contacts[:, channel]
    numbers = {int(brings[place]): int(place) for place in alone[::-1] if brings[place]}
    if not numbers or left <= 0:
        return []
    most, least = max(numbers), min(numbers)
    if required <= left * least or most == least:
        return [(numbers[least], min(required / least, left))]
    more = min((required - left * least) / (most - least), left)
    return [(numbers[most], more), (numbers[least], left - more)]
