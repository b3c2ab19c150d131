"""One rep's week as an integer programme."""

from dataclasses import dataclass

import numpy as np
from scipy.optimize import LinearConstraint
from scipy.sparse import coo_array, csr_array, hstack

from kqml.errors import CouldNot
from models.policy.allocation.integer_program import Optimum, solve_integer_program
from models.policy.allocation.padded_batch import PaddedBatch
from models.policy.allocation.problem import SMALL, Floats, Indices


@dataclass(frozen=True)
class Solved:
    """`choice` (m): the package at each place. `bound`: no plan with as few missing contacts is worth more."""

    choice: Indices
    bound: float


@dataclass(frozen=True)
class IntegerProgram:
    """The options of one rep as 0/1 variables: `place` and `package` of each, its value; rows of the constraints."""

    place: Indices
    package: Indices
    value: Floats
    one_each: csr_array
    takes: csr_array
    capacity: Floats
    serves: csr_array
    floor: Floats


def solve_exactly(cells: PaddedBatch, rep: int, gap: float = 0.0) -> Solved:
    """The best plan of the rep at place `rep` of the cells, proven to a relative `gap`.

    Floors that cannot all be met are met as far as possible first.
    """
    programme = _programme(cells, rep)
    weights = np.concatenate([-programme.value, np.zeros(len(programme.floor))])
    # First with no contact missing, which is the usual case and needs one solve; None means that floors cannot be met.
    result = _solve(programme, weights, 0.0, gap) or _with_fewest_missing(programme, weights, gap)
    choice = np.zeros(cells.row.shape[1], dtype=np.int64)
    # HiGHS returns 0/1 variables to within its tolerance of 1e-6.
    chosen = result.x[: len(programme.place)] > 0.5
    choice[programme.place[chosen]] = programme.package[chosen]
    return Solved(choice, -result.bound)


def _programme(cells: PaddedBatch, rep: int) -> IntegerProgram:
    value = cells.value[:, rep].T
    place, package = np.nonzero(np.isfinite(value) & (cells.row[rep] >= 0)[:, None])
    count, column = len(place), np.arange(len(place))
    counted = cells.counted[:, :, rep].transpose(2, 1, 0)[place, package]
    tier, channel = np.nonzero(cells.floor[rep] > 0)
    # Only floors above 0 become rows and slack variables.
    serves = np.where(cells.tier[rep][place][None] == tier[:, None], counted[:, channel].T, 0.0)
    return IntegerProgram(
        place=place,
        package=package,
        value=value[place, package],
        one_each=csr_array(coo_array((np.ones(count), (place, column)), shape=(int(place.max()) + 1, count))),
        takes=csr_array(cells.cost[:, package, rep, place]),
        capacity=cells.capacity[rep],
        serves=csr_array(serves.reshape(len(tier), count)),
        floor=cells.floor[rep][tier, channel],
    )


def _with_fewest_missing(programme: IntegerProgram, weights: Floats, gap: float) -> Optimum:
    """Where HiGHS fails at the second step, a missing contact gets a price above everything that a plan is worth."""
    missing = _least_missing(programme)
    try:
        return _feasible(_solve(programme, weights, missing, gap))
    except CouldNot:
        count = len(programme.place)
        # A big-M penalty, dearer than all that a plan is worth. Second choice only: large weights cost precision.
        dear = 1.0 + np.abs(programme.value).sum()
        priced = np.concatenate([weights[:count], np.full(len(programme.floor), dear)])
        result = _feasible(_solve(programme, priced, np.inf, gap))
        return Optimum(result.x, float(weights @ result.x), result.bound - dear * missing)


def _least_missing(programme: IntegerProgram) -> float:
    count = len(programme.place)
    weights = np.concatenate([np.zeros(count), np.ones(len(programme.floor))])
    return max(0.0, _feasible(_solve(programme, weights, np.inf, 0.0)).least)


def _feasible(result: Optimum | None) -> Optimum:
    """To wait is always possible, floors may be missed: there is a plan."""
    if result is None:
        raise CouldNot("HiGHS finds no plan where there must be one.")
    return result


def _solve(programme: IntegerProgram, weights: Floats, missing: float, gap: float) -> Optimum | None:
    """Variables are the options, then the contacts missing of each floor, at most `missing` in all."""
    count, floors = len(programme.place), len(programme.floor)

    def wide(rows: csr_array, slack: Floats) -> csr_array:
        return csr_array(hstack([rows, csr_array(slack)])) if floors else rows

    none = np.zeros
    rules = [
        LinearConstraint(wide(programme.one_each, none((programme.one_each.shape[0], floors))), 1, 1),
        LinearConstraint(wide(programme.takes, none((len(programme.capacity), floors))), -np.inf, programme.capacity),
    ]
    if floors:
        rules.append(LinearConstraint(wide(programme.serves, np.eye(floors)), programme.floor, np.inf))
    if floors and np.isfinite(missing):
        total = np.concatenate([np.zeros(count), np.ones(floors)])[None]
        # Two steps instead of one weighted sum (lexicographic): fewest missing contacts, then most value among those
        # plans.
        rules.append(LinearConstraint(total, -np.inf, missing + SMALL))
    upper = np.concatenate([np.ones(count), programme.floor])
    whole = np.arange(count + floors) < count
    return solve_integer_program(weights, whole, upper, rules, gap)
