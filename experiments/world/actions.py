"""The week's packages: what doing one of them does."""

from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from experiments.world.draws import Floats
from experiments.world.parameters import WorldEffects

Packages = NDArray[np.int8]


class WorldAction(IntEnum):
    """The packages that the world knows, by their names in the playbook."""

    WAIT = 0
    MESSAGE = 1
    CALL = 2
    VISIT = 3
    HELP_OFFER = 4
    TWO_VISITS = 5


NAMES = tuple(package.name.lower() for package in WorldAction)
TOUCHES = np.array([0.0, 0.3, 0.5, 1.0, 1.2, 2.2])
"""What each package adds to the contact load."""

IN_PERSON = np.array([False, False, False, True, True, True])
IMPERSONAL = np.array([False, True, True, False, False, False])

RESOLVES = np.array([0.0, 0.0, 0.12, 0.25, 0.8, 0.3])
"""Chance that a package resolves an open complaint, beside what head office does by itself."""

SOLVES = np.array([0.0, 0.0, 0.05, 0.25, 0.9, 0.3])
"""Chance that a package solves an open problem."""

CLEARS = np.array([0.0, 0.0, 0.0, 0.08, 0.5, 0.1])
"""Chance that a package clears slow-moving stock."""

WINS_BACK = np.array([0.0, 0.0, 0.02, 0.03, 0.25, 0.04])
"""Chance that a package ends a competitor's courting."""


def doses(effects: WorldEffects) -> Floats:
    """Contact dose of each package, of a visit's."""
    return np.array(
        [0.0, effects.dose_message, effects.dose_call, 1.0, effects.dose_help, effects.dose_two], dtype=np.float64
    )
