"""Which actions of a rep's week are postponed when required ones exceed the rep's hours."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from models.policy.allocation.problem import Floats


@dataclass(frozen=True)
class BookedAction:
    """An action of a rep's week. `cost`: minutes, stops, money. `value`: its score, larger is better. `movable`:
    whether it may be postponed: nothing requires it, nobody accepted it."""

    decision_id: str
    cost: tuple[float, float, float]
    value: float
    movable: bool
    explored: bool = False


def actions_to_postpone(booked: Sequence[BookedAction], capacity: Sequence[float]) -> list[BookedAction]:
    """Return the actions to postpone so that the others fit the capacity, as far as movable ones make room.

    The least valuable ones go first, explored ones last, because the week's evidence comes from them. An action goes
    only if it takes something that is exceeded, and stays if the others fit with it after all.
    """
    over = _sum(booked) - np.asarray(capacity)
    postponed: list[BookedAction] = []
    for action in sorted(booked, key=lambda action: (action.explored, action.value)):
        if action.movable and (over[np.array(action.cost) > 0] > 0).any():
            postponed.append(action)
            over = over - action.cost
    for action in reversed(postponed.copy()):
        if (over + action.cost <= np.maximum(over, 0.0)).all():
            postponed.remove(action)
            over = over + action.cost
    return postponed


def _sum(booked: Sequence[BookedAction]) -> Floats:
    return np.sum([action.cost for action in booked], axis=0) if booked else np.zeros(3)
