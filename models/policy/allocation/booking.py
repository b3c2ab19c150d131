"""Bookings: required and explored actions, which go before everything else, also where they exceed the capacity."""

from dataclasses import dataclass

import numpy as np
from scipy.optimize import LinearConstraint

from models.policy.allocation.integer_program import solve_integer_program
from models.policy.allocation.padded_batch import ReducedProblem
from models.policy.allocation.problem import SMALL, WAIT, AllocationProblem, Flags, Floats, Indices


@dataclass(frozen=True)
class BookedActions:
    """`reduced`: the problem after bookings, capacities raised to what they need. `overflow` (R × RESOURCES): by how
    much."""

    reduced: ReducedProblem
    overflow: Floats


def book(problem: AllocationProblem) -> BookedActions:
    """Book the required and explored actions of every rep.

    Where they exceed the capacity, the actions with the least overflow (the sum of its shares of each capacity) are
    booked, and the capacity is raised to exactly what they use, so that nothing else gets any of it.
    """
    options = problem.options
    first = ~options[:, WAIT]
    # If the lightest way to keep every booking fits, as for nearly all reps, no program is needed.
    lightest = _lightest(problem, options)
    taken = _taken(problem, lightest, first)
    tight = np.flatnonzero((taken > problem.capacity * (1 + SMALL) + SMALL).any(axis=1))
    overflow = np.zeros_like(problem.capacity)
    for rep in tight.tolist():
        rows = np.flatnonzero(first & (problem.rep == rep))
        chosen = _least_overflow(problem, options, rows, rep)
        over = problem.cost[rows, chosen].sum(axis=0) - problem.capacity[rep]
        if (over > SMALL).any():
            overflow[rep] = np.maximum(over, 0.0)
            # Fixed to the settled actions: the search may not trade an overflow that was minimised for more value.
            options[rows] = np.arange(options.shape[1])[None] == chosen[:, None]
    reduced = ReducedProblem(
        problem, problem.value, problem.counted, options, problem.capacity + overflow, problem.floor
    )
    return BookedActions(reduced, overflow)


def lightest_use(problem: AllocationProblem) -> tuple[Floats, Floats]:
    """Return the least use of each account's booking (n × RESOURCES; 0 without one) and of each rep's bookings."""
    options = problem.options
    first = ~options[:, WAIT]
    lightest = _lightest(problem, options)
    own = np.where(first[:, None], problem.cost[np.arange(len(problem)), lightest], 0.0)
    return own, _taken(problem, lightest, first)


def _lightest(problem: AllocationProblem, options: Flags) -> Indices:
    """Return each account's option with the fewest minutes, then stops, then money."""
    order = np.lexsort(np.moveaxis(problem.cost, 2, 0)[::-1], axis=1)
    first = np.take_along_axis(options, order, axis=1).argmax(axis=1)
    return np.asarray(order[np.arange(len(problem)), first], dtype=np.int64)


def _taken(problem: AllocationProblem, choice: Indices, rows: Flags) -> Floats:
    """Return R × RESOURCES: what the chosen actions of the accounts `rows` use of each rep."""
    cost, rep = problem.cost[rows, choice[rows]], problem.rep[rows]
    reps = len(problem.capacity)
    return np.column_stack([np.bincount(rep, weights=column, minlength=reps) for column in cost.T])


def _least_overflow(problem: AllocationProblem, options: Flags, rows: Indices, rep: int) -> Indices:
    """Return the booked action of each of `rows`, by an integer program with one overflow variable per resource."""
    position, action = np.nonzero(options[rows])
    cost, capacity = problem.cost[rows[position], action], problem.capacity[rep]
    count, kinds = len(position), len(capacity)
    one_action = np.zeros((len(rows), count + kinds))
    one_action[position, np.arange(count)] = 1.0
    uses = np.hstack([cost.T, -np.eye(kinds)])
    # Overflow counts as a share of capacity: an hour and a stop are not the same amount.
    weights = np.concatenate([np.zeros(count), 1.0 / np.where(capacity > 0, capacity, 1.0)])
    rules = [LinearConstraint(one_action, 1, 1), LinearConstraint(uses, -np.inf, capacity)]
    whole = np.arange(count + kinds) < count
    upper = np.concatenate([np.ones(count), np.full(kinds, np.inf)])
    result = solve_integer_program(weights, whole, upper, rules, 0.0)
    assert result is not None, "overflow has no bound"
    chosen = np.zeros(len(rows), dtype=np.int64)
    taken = result.x[:count] > 0.5
    chosen[position[taken]] = action[taken]
    return chosen
