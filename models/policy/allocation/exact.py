"""Exact allocation of one rep's week, as an integer program."""

from dataclasses import dataclass

import numpy as np
from scipy.optimize import LinearConstraint
from scipy.sparse import coo_array, csr_array, hstack

from kqml.errors import CouldNot
from models.policy.allocation.integer_program import Optimum, solve_integer_program
from models.policy.allocation.padded_batch import PaddedBatch
from models.policy.allocation.problem import SMALL, Floats, Indices


@dataclass(frozen=True)
class ExactPlan:
    """`choice` (m): the action at each position. `bound`: no plan with as few missing contacts is worth more."""

    choice: Indices
    bound: float


@dataclass(frozen=True)
class IntegerProgram:
    """The options of one rep as 0/1 variables: `position` and `action` of each, its value; rows of the constraints."""

    position: Indices
    action: Indices
    value: Floats
    one_action: csr_array
    uses: csr_array
    capacity: Floats
    brings: csr_array
    floor: Floats


def solve_exactly(batch: PaddedBatch, rep: int, gap: float = 0.0) -> ExactPlan:
    """Return the best plan of rep `rep` of the batch, proven to a relative `gap`.

    Where the floors cannot all be met, the fewest possible contacts are missing. Raises CouldNot where HiGHS fails.
    """
    program = _program(batch, rep)
    weights = np.concatenate([-program.value, np.zeros(len(program.floor))])
    # First with no contact missing, which is the usual case and needs one solve; None means that floors cannot be met.
    result = _solve(program, weights, 0.0, gap) or _with_fewest_missing(program, weights, gap)
    choice = np.zeros(batch.row.shape[1], dtype=np.int64)
    # HiGHS returns 0/1 variables to within its tolerance of 1e-6.
    chosen = result.x[: len(program.position)] > 0.5
    choice[program.position[chosen]] = program.action[chosen]
    return ExactPlan(choice, -result.bound)


def _program(batch: PaddedBatch, rep: int) -> IntegerProgram:
    value = batch.value[:, rep].T
    position, action = np.nonzero(np.isfinite(value) & (batch.row[rep] >= 0)[:, None])
    count, column = len(position), np.arange(len(position))
    counted = batch.counted[:, :, rep].transpose(2, 1, 0)[position, action]
    tier, channel = np.nonzero(batch.floor[rep] > 0)
    # Only floors above 0 become rows and slack variables.
    brings = np.where(batch.tier[rep][position][None] == tier[:, None], counted[:, channel].T, 0.0)
    return IntegerProgram(
        position=position,
        action=action,
        value=value[position, action],
        one_action=csr_array(coo_array((np.ones(count), (position, column)), shape=(int(position.max()) + 1, count))),
        uses=csr_array(batch.cost[:, action, rep, position]),
        capacity=batch.capacity[rep],
        brings=csr_array(brings.reshape(len(tier), count)),
        floor=batch.floor[rep][tier, channel],
    )


def _with_fewest_missing(program: IntegerProgram, weights: Floats, gap: float) -> Optimum:
    """Return the best plan among those with the fewest missing contacts."""
    missing = _least_missing(program)
    try:
        return _feasible(_solve(program, weights, missing, gap))
    except CouldNot:
        count = len(program.position)
        # A big-M penalty, dearer than all that a plan is worth. Second choice only: large weights cost precision.
        penalty = 1.0 + np.abs(program.value).sum()
        priced = np.concatenate([weights[:count], np.full(len(program.floor), penalty)])
        result = _feasible(_solve(program, priced, np.inf, gap))
        return Optimum(result.x, float(weights @ result.x), result.bound - penalty * missing)


def _least_missing(program: IntegerProgram) -> float:
    count = len(program.position)
    weights = np.concatenate([np.zeros(count), np.ones(len(program.floor))])
    return max(0.0, _feasible(_solve(program, weights, np.inf, 0.0)).least)


def _feasible(result: Optimum | None) -> Optimum:
    """Return the result; a plan always exists, since waiting is allowed and floors may be missed."""
    if result is None:
        raise CouldNot("HiGHS found no feasible plan, although waiting everywhere is feasible.")
    return result


def _solve(program: IntegerProgram, weights: Floats, missing: float, gap: float) -> Optimum | None:
    """Solve for the options (0/1), then the contacts missing of each floor, at most `missing` in all."""
    count, floors = len(program.position), len(program.floor)

    def with_slacks(rows: csr_array, slack: Floats) -> csr_array:
        return csr_array(hstack([rows, csr_array(slack)])) if floors else rows

    zeros = np.zeros
    rules = [
        LinearConstraint(with_slacks(program.one_action, zeros((program.one_action.shape[0], floors))), 1, 1),
        LinearConstraint(with_slacks(program.uses, zeros((len(program.capacity), floors))), -np.inf, program.capacity),
    ]
    if floors:
        rules.append(LinearConstraint(with_slacks(program.brings, np.eye(floors)), program.floor, np.inf))
    if floors and np.isfinite(missing):
        total = np.concatenate([np.zeros(count), np.ones(floors)])[None]
        # Two steps instead of one weighted sum (lexicographic): fewest missing contacts, then most value among those
        # plans.
        rules.append(LinearConstraint(total, -np.inf, missing + SMALL))
    upper = np.concatenate([np.ones(count), program.floor])
    whole = np.arange(count + floors) < count
    return solve_integer_program(weights, whole, upper, rules, gap)
