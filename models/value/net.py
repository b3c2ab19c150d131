"""What an action is worth after its cost."""

import numpy as np

from models.allocation.problem import WAIT, Floats, Packages

MINUTES, MONEY = 0, 2
"""Columns of `Packages.cost`."""


def costs(packages: Packages, minute_cost: float) -> Floats:
    """K: the money that each package takes, its minutes at the playbook's price. Charged on everyone who gets it."""
    return np.asarray(packages.cost[:, MINUTES] * minute_cost + packages.cost[:, MONEY], dtype=np.float64)


def net_values(effect: Floats, packages: Packages, minute_cost: float) -> Floats:
    """n × K: effect on margin over the horizon − minutes × cost − money; 0 for waiting.

    The effect already holds what retention is worth, so nothing of the value at risk is added.
    """
    net = effect - costs(packages, minute_cost)[None, :]
    net[:, WAIT] = 0.0
    return net
