"""A week decided with chance in it: what each account gets, with which probability it got that."""

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
"""Re-solved reps at a time, which bounds the memory."""


@dataclass(frozen=True)
class DecidedWeek:
    """`assigned`: package per account. `planned`: the allocation's choice had the account not explored, given the
    others' coins. `probability` of the assigned package: 1 for a must. `evaluable`: may enter evaluation;
    musts, accounts that never explore, weeks that might overflow may not."""

    allocation: Allocation
    assigned: Indices
    planned: Indices
    probability: Floats
    coin: Flags
    evaluable: Flags


def decide_week(problem: AllocationProblem, coins: ExplorationDraws, tolerance: float = TOLERANCE) -> DecidedWeek:
    """Books the explored packages, allocates the rest, solves each explorer's rep again as if it had not explored.

    Prices start from the week without any coin, which no coin moves: so the plan that an account would have got is the
    plan that it gets when its coin does not fall. `problem` has nothing booked; musts have ε = 0.
    """
    check_problem(problem)
    calm = solve(problem, tolerance=tolerance).prices
    explored = replace(problem, booked=coins.drawn)
    check_problem(explored)
    solution = solve(explored, tolerance=tolerance, start=calm)
    planned = solution.choice.copy()
    explorers = np.flatnonzero(coins.explores)
    for begin in range(0, len(explorers), AT_ONCE):
        some = explorers[begin : begin + AT_ONCE]
        planned[some] = _had_not_explored(explored, some, calm, tolerance)
    retained = problem.must & ~problem.must_blocked
    chance_of = probability(coins, problem.allowed, solution.choice, planned)
    return DecidedWeek(
        allocation=describe(explored, solution, tolerance),
        assigned=solution.choice,
        planned=planned,
        probability=np.where(retained, 1.0, chance_of),
        coin=coins.explores,
        evaluable=~retained & (coins.epsilon > 0) & _fits_whatever(explored),
    )


def _had_not_explored(explored: AllocationProblem, explorers: Indices, calm: Prices, tolerance: float) -> Indices:
    """The package of each explorer in its rep's week, had its own coin not fallen."""
    part = subproblem(explored, explored.rep[explorers])
    own = part.rows == explorers[part.problem.rep]
    free = replace(part.problem, booked=np.where(own, NOT_BOOKED, part.problem.booked))
    result = solve(free, tolerance=tolerance, start=calm.take(part.reps))
    return np.asarray(result.choice[own], dtype=np.int64)


def _fits_whatever(explored: AllocationProblem) -> Flags:
    """Whether the rep's bookings fit whichever package the account itself might have explored.

    The account's own coin plays no part in the answer: else those whose large package overflowed would be missing from
    the log, and the probabilities of the others would be wrong.
    """
    own, whole = lightest_use(explored)
    others = whole[explored.rep] - own
    largest = np.where(explored.allowed[:, :, None], explored.cost, 0.0).max(axis=1)
    limit = explored.capacity[explored.rep] * (1 + SMALL) + SMALL
    return np.asarray((others + largest <= limit).all(axis=1), dtype=bool)
