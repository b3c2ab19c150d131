"""The reps' own behaviour: probabilities of each action, from what is recorded about an account."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from experiments.world.actions import ActionCodes, WorldAction
from experiments.world.draws import Flags, Floats
from experiments.world.population import Traits
from experiments.world.state import NONE, WorldState, lives
from experiments.world.weeks import Week
from kqml.playbook import Playbook

BASE = np.array(
    [
        [0.10, 0.10, 0.10, 0.35, 0.10, 0.25],
        [0.25, 0.15, 0.15, 0.35, 0.06, 0.04],
        [0.62, 0.12, 0.10, 0.14, 0.02, 0.00],
    ]
)
"""Chances of the actions by tier when nothing speaks for or against an account."""

WEIGHT = np.array([0.0, 0.2, 0.4, 1.0, 1.0, 1.3])
"""How strongly each action answers to the rep's effort for an account."""

GIVEN_UP_WEEKS = 8.0


@dataclass(frozen=True)
class Habits:
    """Weights of the behaviour policy.

    `hunch`: of the true satisfaction, which is not recorded. `risk_list`: of the silence relative to the own rhythm,
    once a risk list is in use (policy feedback).
    """

    size: float = 0.5
    far: float = 0.4
    trouble: float = 1.0
    hunch: float = 0.3
    risk_list: float = 0.0


Policy = Callable[[Traits, WorldState, Week, Habits, Flags], Floats]
"""Chances (accounts × actions, rows add up to 1) given the eligible actions."""


def eligible(playbook: Playbook, traits: Traits, state: WorldState, week: Week) -> Flags:
    """Return accounts × actions that the playbook allows; only waiting where an account is not on the books."""
    conditions = {
        "open": np.full(len(traits), week.open_share >= 0.5),
        "rep": ~week.vacant,
        "consent": traits.consent,
    }
    result = playbook.eligible(np.array(["A", "B", "C"], dtype=object)[state.tier], conditions)
    result[~lives(traits, state, week.number), 1:] = False
    return result


def effort(traits: Traits, state: WorldState, week: Week, habits: Habits) -> Floats:
    """Return e of README §4."""
    overdue = np.clip(state.silent / state.usual - 1.3, 0.0, 1.5)
    given_up = np.where(state.silent > GIVEN_UP_WEEKS, 1.2 + 0.1 * (state.silent - GIVEN_UP_WEEKS).clip(0, 20), 0.0)
    trouble = 0.8 * (state.complaint != NONE) + 0.5 * overdue
    larger = np.clip(np.log(state.sales + 1.0) - traits.middle, -2.0, 2.0)
    return np.asarray(
        np.log(week.diligence * week.room)
        + habits.size * 0.5 * larger
        - habits.far * np.log(traits.far / 20.0)
        + habits.trouble * trouble
        - given_up
        - habits.hunch * np.clip(state.satisfaction, -1.5, 1.0)
        + habits.risk_list * np.clip(state.silent / state.usual - 1.0, 0.0, 3.0),
        dtype=np.float64,
    )


def behaviour(traits: Traits, state: WorldState, week: Week, habits: Habits, allowed: Flags) -> Floats:
    """Return the probabilities of the reps' own actions."""
    weights = BASE[state.tier] * np.exp(np.outer(effort(traits, state, week, habits), WEIGHT))
    weights[:, WorldAction.HELP_OFFER] *= np.where(state.complaint != NONE, 3.0, 1.0) * np.where(
        state.problem, 1.6, 1.0
    )
    return _normal(weights * allowed)


def playbook_only(traits: Traits, state: WorldState, week: Week, habits: Habits, allowed: Flags) -> Floats:
    """Return the playbook's cadence for every account."""
    return _normal(BASE[state.tier] * allowed)


def wait_only(traits: Traits, state: WorldState, week: Week, habits: Habits, allowed: Flags) -> Floats:
    """Return waiting for every account."""
    return _normal(np.eye(1, len(WorldAction)) * np.ones((len(traits), 1)))


POLICIES: dict[str, Policy] = {"behaviour": behaviour, "playbook": playbook_only, "wait": wait_only}
"""Policies that a κ may be, by the name that results carry."""


def _normal(weights: Floats) -> Floats:
    return np.asarray(weights / weights.sum(axis=1, keepdims=True), dtype=np.float64)


def choose(probabilities: Floats, draws: Floats) -> ActionCodes:
    """Return the action at which each row's cumulative probability passes the row's uniform number."""
    passed = np.cumsum(probabilities, axis=1)[:, :-1] <= draws[:, None]
    return np.asarray(passed.sum(axis=1), dtype=np.int8)


def room_of(playbook: Playbook, seat: NDArray[Any], tier: NDArray[np.int8]) -> Floats:
    """Return per seat the share of its accounts' usual contacts that fits into a rep's minutes, at most 1."""
    minutes = BASE[tier] @ np.array([action.minutes for action in playbook.actions])
    request = np.bincount(seat - seat.min(), weights=minutes)
    return np.minimum(1.0, playbook.rep.minutes_per_week / np.maximum(request, 1.0))
