"""Net value of actions: effect less cost."""

import numpy as np

from models.policy.allocation.problem import WAIT, Floats

MINUTES, MONEY = 0, 2
"""Indices among RESOURCES."""


def costs(cost: Floats, minute_cost: float) -> Floats:
    """Return the money that each action takes (… × RESOURCES → …), its minutes at the playbook's price. It is charged
    on everyone who gets the action."""
    return np.asarray(cost[..., MINUTES] * minute_cost + cost[..., MONEY], dtype=np.float64)


def net_values(effect: Floats, cost: Floats, minute_cost: float) -> Floats:
    """Return n × K: effect on margin over the horizon − minutes × cost − money; 0 for waiting. `cost`: K × RESOURCES,
    or n × K × RESOURCES where accounts differ.

    The effect already holds what retention is worth, so nothing of the value at risk is added.
    """
    net = effect - costs(cost, minute_cost)
    net[:, WAIT] = 0.0
    return net
