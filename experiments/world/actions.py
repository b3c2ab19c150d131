"""The week's actions: what doing one of them does."""

from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from experiments.world.draws import Floats
from experiments.world.parameters import WorldEffects

ActionCodes = NDArray[np.int8]


class WorldAction(IntEnum):
    """The actions that the world knows, by their names in the playbook."""

    WAIT = 0
    MESSAGE = 1
    CALL = 2
    VISIT = 3
    HELP_OFFER = 4
    TWO_VISITS = 5


NAMES = tuple(action.name.lower() for action in WorldAction)
TOUCHES = np.array([0.0, 0.3, 0.5, 1.0, 1.2, 2.2])
"""What each action adds to the contact load."""

IN_PERSON = np.array([False, False, False, True, True, True])
IMPERSONAL = np.array([False, True, True, False, False, False])

RESOLVES = np.array([0.0, 0.0, 0.12, 0.25, 0.8, 0.3])
"""Chance that an action resolves an open complaint, beside what head office does by itself."""

SOLVES = np.array([0.0, 0.0, 0.05, 0.25, 0.9, 0.3])
"""Chance that an action solves an open problem."""

CLEARS = np.array([0.0, 0.0, 0.0, 0.08, 0.5, 0.1])
"""Chance that an action clears slow-moving stock."""

WINS_BACK = np.array([0.0, 0.0, 0.02, 0.03, 0.25, 0.04])
"""Chance that an action ends a competitor's courting."""


def doses(effects: WorldEffects) -> Floats:
    """Contact dose of each action, of a visit's."""
    return np.array(
        [0.0, effects.dose_message, effects.dose_call, 1.0, effects.dose_help, effects.dose_two], dtype=np.float64
    )
