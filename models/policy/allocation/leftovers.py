"""Reasons: why an account got its action, and why not the one that would have been worth most."""

import numpy as np
from numpy.typing import NDArray

from models.policy.allocation.problem import NOT_BOOKED, WAIT, AllocationProblem, Flags, Floats, Indices

GIVEN = ("nothing", "must", "explored", "value", "floor")
"""Why an action was given. `floor`: it has no positive value by itself, but its tier needs contacts."""

LEFT_OUT = ("", "no_room", "not_worth", "blocked", "floor", "must_blocked")
"""Why the wanted action was not given. `not_worth`: no action has positive value. `no_room`: the capacity goes to
accounts that gain more. `floor`: it goes to a tier's floor. `blocked`: a guardrail. `must_blocked`: an action was
required, but guardrails block every action that fulfils the duty."""


def allocation_reasons(problem: AllocationProblem, value: Floats, choice: Indices) -> NDArray[np.str_]:
    """Return one of GIVEN for each account."""
    own = value[np.arange(len(choice)), choice]
    required = problem.must & ~problem.must_blocked
    # The first condition that holds decides, from hard reasons to soft ones.
    conditions = [required, problem.booked != NOT_BOOKED, choice == WAIT, own > 0]
    return np.asarray(np.select(conditions, ["must", "explored", "nothing", "value"], default="floor"))


def left_out_reasons(
    problem: AllocationProblem, value: Floats, choice: Indices, without_floors: Indices
) -> NDArray[np.str_]:
    """Return one of LEFT_OUT for each account. `without_floors`: its action if no tier had a floor."""
    row = np.arange(len(choice))
    own, most = value[row, choice], value.max(axis=1)
    may = np.where(problem.allowed, value, -np.inf).max(axis=1)
    booked = _booked(problem)
    conditions = [
        problem.must_blocked,
        booked | (own >= most) & (choice != WAIT),
        (most <= 0) & (choice == WAIT),
        most <= 0,
        own >= may,
        value[row, without_floors] >= may,
    ]
    words = ["must_blocked", "", "not_worth", "", "blocked", "floor"]
    return np.asarray(np.select(conditions, words, default="no_room"))


def _booked(problem: AllocationProblem) -> Flags:
    return np.asarray((problem.must & ~problem.must_blocked) | (problem.booked != NOT_BOOKED), dtype=bool)
