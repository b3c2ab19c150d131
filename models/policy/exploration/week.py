"""Decision of a week with exploration: each account's action and the probability of that assignment."""

from dataclasses import dataclass, replace

import numpy as np

from models.policy.allocation.allocation import Allocation, describe
from models.policy.allocation.booking import lightest_use
from models.policy.allocation.problem import NOT_BOOKED, SMALL, AllocationProblem, Flags, Floats, Indices, check_problem
from models.policy.allocation.solving import TOLERANCE, solve
from models.policy.allocation.subgradient_ascent import Prices
from models.policy.allocation.subproblems import subproblem
from models.policy.exploration.randomisation import ExplorationDraws, probability

AT_ONCE = 2_000
"""Reps solved again at a time; bounds the memory."""


@dataclass(frozen=True)
class DecidedWeek:
    """`assigned` (n): each account's action. `planned` (n): the allocation's choice had the account not explored, given
    the draws of the others. `probability` (n): of the assigned action; 1 where it is required. `explored` (n).
    `evaluable` (n): may enter evaluation; required actions, accounts that never explore and weeks that may overflow do
    not."""

    allocation: Allocation
    assigned: Indices
    planned: Indices
    probability: Floats
    explored: Flags
    evaluable: Flags


def decide_week(problem: AllocationProblem, draws: ExplorationDraws, tolerance: float = TOLERANCE) -> DecidedWeek:
    """Book the explored actions, allocate the rest, and solve each explorer's rep again as if it had not explored.

    `problem` has nothing booked; accounts with a required action have ε = 0. Raises BadUse on faulty arrays.
    """
    check_problem(problem)
    # All solves start from the prices of the week without exploration, which no draw changes. So an account's plan
    # without its exploration is the same whether it explored (solved again) or not (solved once): else the logged
    # probabilities would be wrong.
    prices = solve(problem, tolerance=tolerance).prices
    explored = replace(problem, booked=draws.action)
    check_problem(explored)
    solution = solve(explored, tolerance=tolerance, start=prices)
    planned = solution.choice.copy()
    explorers = np.flatnonzero(draws.explores)
    for begin in range(0, len(explorers), AT_ONCE):
        batch = explorers[begin : begin + AT_ONCE]
        planned[batch] = _choice_without_exploring(explored, batch, prices, tolerance)
    required = problem.must & ~problem.must_blocked
    assigned_probability = probability(draws, problem.allowed, solution.choice, planned)
    return DecidedWeek(
        allocation=describe(explored, solution, tolerance),
        assigned=solution.choice,
        planned=planned,
        probability=np.where(required, 1.0, assigned_probability),
        explored=draws.explores,
        evaluable=~required & (draws.epsilon > 0) & _always_fits(explored),
    )


def _choice_without_exploring(
    explored: AllocationProblem, explorers: Indices, prices: Prices, tolerance: float
) -> Indices:
    """Return the action of each explorer in its rep's week, had it alone not explored."""
    # One copy of the rep's week for each explorer: explorers of one rep are un-booked one at a time.
    explorers_problem = subproblem(explored, explored.rep[explorers])
    own = explorers_problem.rows == explorers[explorers_problem.problem.rep]
    free = replace(explorers_problem.problem, booked=np.where(own, NOT_BOOKED, explorers_problem.problem.booked))
    result = solve(free, tolerance=tolerance, start=prices.take(explorers_problem.reps))
    return np.asarray(result.choice[own], dtype=np.int64)


def _always_fits(explored: AllocationProblem) -> Flags:
    """Return whether the rep's bookings fit whichever eligible action the account itself explores.

    The result does not depend on the account's own draw: else accounts whose large action overflowed would be missing
    from the log, and the probabilities of the others would be wrong.
    """
    own, whole = lightest_use(explored)
    hours_of_others = whole[explored.rep] - own
    largest = np.where(explored.allowed[:, :, None], explored.cost, 0.0).max(axis=1)
    limit = explored.capacity[explored.rep] * (1 + SMALL) + SMALL
    return np.asarray((hours_of_others + largest <= limit).all(axis=1), dtype=bool)
