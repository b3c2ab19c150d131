"""Solving of every rep's week: by prices (subgradient ascent) where they prove the plan, else by an integer program."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from os import cpu_count

import numpy as np

from models.policy.allocation.booking import book
from models.policy.allocation.exact import solve_exactly
from models.policy.allocation.padded_batch import PaddedBatch, pad_reps
from models.policy.allocation.polish import polish
from models.policy.allocation.problem import WAIT, AllocationProblem, Flags, Floats, Indices
from models.policy.allocation.subgradient_ascent import ROUNDS, Prices, find_prices

TOLERANCE = 0.01
"""Relative gap up to which a plan found by prices is accepted; else an integer program is solved to half of it."""

WARM_ROUNDS = 2
"""Rounds of the search where it starts from the prices of nearly the same week."""


@dataclass(frozen=True)
class Solution:
    """`choice` (n): each account's action. Per rep: `worth` of the choice, `bound` that no plan exceeds, prices,
    `overflow` (R × RESOURCES) of the bookings, `exact`: solved as an integer program."""

    choice: Indices
    worth: Floats
    bound: Floats
    prices: Prices
    overflow: Floats
    exact: Flags


def solve(
    problem: AllocationProblem,
    *,
    tolerance: float = TOLERANCE,
    start: Prices | None = None,
    exact: bool = False,
    threads: int | None = None,
) -> Solution:
    """Solve every rep independently.

    `start`: initial prices. `exact`: solve every rep as an integer program, to gap 0. `threads`: None for one per
    processor. The result for a rep depends on its accounts, capacity and initial prices alone.
    """
    booked = book(problem)
    reps = len(problem.capacity)
    prices = start or Prices(np.zeros_like(problem.capacity), np.zeros_like(problem.floor))
    batches = list(pad_reps(booked.reduced))
    # A start near the optimum needs few rounds. The bound is proven anew either way.
    rounds = ROUNDS if start is None else WARM_ROUNDS

    def work(batch: PaddedBatch) -> Solution:
        return _solve_batch(batch, prices.take(batch.reps), rounds, tolerance, exact)

    parts = _in_threads(work, batches, threads or cpu_count() or 1)
    choice = np.full(len(problem), WAIT, dtype=np.int64)
    solution = Solution(
        choice,
        np.zeros(reps),
        np.zeros(reps),
        Prices(np.zeros_like(problem.capacity), np.zeros_like(problem.floor)),
        booked.overflow,
        np.zeros(reps, dtype=bool),
    )
    for batch, batch_solution in zip(batches, parts, strict=True):
        _put(solution, batch, batch_solution)
    return solution


def _in_threads(
    work: Callable[[PaddedBatch], Solution], batches: Sequence[PaddedBatch], threads: int
) -> list[Solution]:
    """Return the results in the order of batches; NumPy and HiGHS release the GIL."""
    if len(batches) == 1:
        return [work(batches[0])]
    with ThreadPoolExecutor(max_workers=threads) as pool:
        return list(pool.map(work, batches))


def _solve_batch(batch: PaddedBatch, start: Prices, rounds: int, tolerance: float, exact: bool) -> Solution:
    if batch.is_single and not batch.floored:
        return _best_options(batch)
    state = find_prices(batch, start, rounds)
    known = np.isfinite(state.worth)
    choice = state.choice
    choice[known] = polish(batch.take(known), choice[known])
    worth = np.where(known, batch.worth(np.where(known[:, None], choice, 0)), -np.inf)
    bound = state.bound
    # The search proves most reps; the integer program is much slower and is kept for the rest.
    wide = ~known | (bound - worth > tolerance * np.abs(bound)) | exact
    for rep in np.flatnonzero(wide).tolist():
        solved = solve_exactly(batch, rep, 0.0 if exact else tolerance / 2)
        choice[rep] = solved.choice
        worth[rep] = batch.worth(choice)[rep]
        # The bound of the program is tight to its tolerance only and may lie a hair below the plan.
        bound[rep] = max(solved.bound, worth[rep])
    return Solution(choice, worth, bound, state.best, np.zeros_like(batch.capacity), wide)


def _best_options(batch: PaddedBatch) -> Solution:
    """Return the solution of reps with one account each: its best option, which fits by itself; nothing competes for
    the capacity, so that its price is 0."""
    choice = np.asarray(batch.value.argmax(axis=0), dtype=np.int64)
    worth, reps = batch.worth(choice), len(batch.reps)
    prices = Prices(np.zeros_like(batch.capacity), np.zeros_like(batch.floor))
    return Solution(choice, worth, worth, prices, np.zeros_like(batch.capacity), np.zeros(reps, dtype=bool))


def _put(whole: Solution, batch: PaddedBatch, solution: Solution) -> None:
    real = batch.row >= 0
    whole.choice[batch.row[real]] = solution.choice[real]
    for name in ("worth", "bound", "exact"):
        getattr(whole, name)[batch.reps] = getattr(solution, name)
    whole.prices.resource[batch.reps] = solution.prices.resource
    whole.prices.floor[batch.reps] = solution.prices.floor
