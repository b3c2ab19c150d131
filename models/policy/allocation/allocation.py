"""The allocation of a week: each account's action with its reason, each rep's use of capacity and its prices."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from models.policy.allocation.leftovers import allocation_reasons, left_out_reasons
from models.policy.allocation.problem import NOT_BOOKED, SMALL, AllocationProblem, Flags, Floats, Indices, check_problem
from models.policy.allocation.solving import TOLERANCE, Solution, solve
from models.policy.allocation.subgradient_ascent import Prices
from models.policy.allocation.subproblems import subproblem


@dataclass(frozen=True)
class Allocation:
    """Per account: `choice` (index of the action), `net_value`, `avoided` shortfall cost, `given_for` and `left_out`
    (codes of `models.policy.allocation.leftovers`), `wanted`: the action that would have been worth most. Per rep:
    `used`, `overflow` (R × RESOURCES), `served`, `missing` (R × T × C) due contacts, `worth` and the `bound` that no
    plan exceeds, `prices` of a minute, a stop, a unit of money; `exact`: solved as an integer program."""

    choice: Indices
    net_value: Floats
    avoided: Floats
    given_for: NDArray[np.str_]
    left_out: NDArray[np.str_]
    wanted: Indices
    used: Floats
    overflow: Floats
    served: Floats
    missing: Floats
    worth: Floats
    bound: Floats
    prices: Floats
    exact: Flags

    @property
    def gap(self) -> float:
        """The optimality gap: how far below the optimum the plan may be, as a share of the bound."""
        return float((self.bound - self.worth).sum() / max(abs(float(self.bound.sum())), 1e-12))

    @property
    def overflows(self) -> Flags:
        """R: reps whose required and explored actions exceed their capacity."""
        return np.asarray((self.overflow > SMALL).any(axis=1), dtype=bool)

    def slot_price(self, action_cost: Floats) -> Floats:
        """Return R: the marginal value of capacity for one more action of this cost (RESOURCES)."""
        return np.asarray(self.prices @ action_cost, dtype=np.float64)


def allocate(
    problem: AllocationProblem, *, tolerance: float = TOLERANCE, start: Prices | None = None, exact: bool = False
) -> Allocation:
    """Give each account one action, within the capacity of its rep.

    Required and explored actions come first, then floors, then most value. For each rep the plan is within `tolerance`
    of the optimum, or the optimum where `exact`. Raises BadUse where the arrays of the problem are not valid.
    """
    check_problem(problem)
    return describe(problem, solve(problem, tolerance=tolerance, start=start, exact=exact), tolerance)


def describe(problem: AllocationProblem, solution: Solution, tolerance: float = TOLERANCE) -> Allocation:
    """Return the allocation that a solution makes: reasons, use of capacity, contacts served and missing."""
    choice, row = solution.choice, np.arange(len(problem))
    served = _served(problem, choice)
    without = _choice_without_floors(problem, solution, tolerance)
    value = problem.value
    return Allocation(
        choice=choice,
        net_value=problem.net_value[row, choice],
        avoided=problem.avoided[row, choice],
        given_for=allocation_reasons(problem, value, choice),
        left_out=left_out_reasons(problem, value, choice, without),
        wanted=np.asarray(value.argmax(axis=1), dtype=np.int64),
        used=_used(problem, choice),
        overflow=solution.overflow,
        served=served,
        missing=np.maximum(problem.floor - served, 0.0),
        worth=solution.worth,
        bound=solution.bound,
        prices=solution.prices.resource,
        exact=solution.exact,
    )


def violations(problem: AllocationProblem, allocation: Allocation) -> dict[str, int]:
    """Return how often the plan breaks each rule; all 0 for every result of `allocate`.

    `floor`: floors missed by a plan that was not proven to miss as few contacts as can be.
    """
    choice, row = allocation.choice, np.arange(len(problem))
    required = problem.must & ~problem.must_blocked
    booked = problem.booked != NOT_BOOKED
    limit = (problem.capacity + allocation.overflow) * (1 + SMALL) + SMALL
    unmet = (allocation.missing > SMALL * np.maximum(problem.floor, 1)).any(axis=(1, 2))
    return {
        "blocked": int((~problem.allowed[row, choice]).sum()),
        "must": int((required & ~problem.fulfils[row, choice]).sum()),
        "booked": int((booked & (choice != problem.booked)).sum()),
        "capacity": int((allocation.used > limit).sum()),
        "overflow": int((allocation.overflows & ~_has_bookings(problem)).sum()),
        "floor": int((unmet & ~allocation.exact).sum()),
    }


def _has_bookings(problem: AllocationProblem) -> Flags:
    first = problem.must | (problem.booked != NOT_BOOKED)
    return np.bincount(problem.rep[first], minlength=len(problem.capacity)) > 0


def _used(problem: AllocationProblem, choice: Indices) -> Floats:
    reps, cost = len(problem.capacity), problem.cost[np.arange(len(problem)), choice]
    return np.column_stack([np.bincount(problem.rep, weights=column, minlength=reps) for column in cost.T])


def _served(problem: AllocationProblem, choice: Indices) -> Floats:
    result = np.zeros_like(problem.floor)
    brought = problem.counted[np.arange(len(problem)), choice]
    # `add.at`, not fancy assignment: several accounts share a rep and a tier.
    np.add.at(result, (problem.rep, problem.tier), brought)
    return result


def _choice_without_floors(problem: AllocationProblem, solution: Solution, tolerance: float) -> Indices:
    """Return the choice if no tier had a floor."""
    # A floor with price 0 does not bind, so that its removal changes nothing: only the other reps are solved again.
    priced = (solution.prices.floor > 0).any(axis=(1, 2))
    missed = solution.exact & (problem.floor > 0).any(axis=(1, 2))
    reps = np.flatnonzero(priced | missed)
    choice = solution.choice.copy()
    if len(reps):
        problem_of_rep = subproblem(problem, reps)
        free = replace(problem_of_rep.problem, floor=np.zeros_like(problem_of_rep.problem.floor))
        choice[problem_of_rep.rows] = solve(free, tolerance=tolerance).choice
    return choice
