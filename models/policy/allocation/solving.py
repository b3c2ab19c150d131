"""The best plan of each rep's week with its proof: by prices where these prove it, else by the exact programme."""

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
"""Relative gap that a plan found by prices may have; where it is wider, the exact programme is solved to half of it."""

WARM_ROUNDS = 2
"""Rounds of the search where it starts from prices of much the same week."""


@dataclass(frozen=True)
class Solution:
    """`choice` (n): each account's package. Per rep: `worth` of the choice, `bound` that no plan exceeds, prices,
    `overflow` (R × RESOURCES) of the bookings, `exact`: solved as a programme."""

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
    """Solves every rep for itself. `start`: prices to begin with. `exact`: every rep as a programme, to gap 0.
    `threads`: as many as there are processors unless told.

    What is found for a rep follows from its accounts, its capacity, its starting prices alone.
    """
    booked = book(problem)
    reps = len(problem.capacity)
    prices = start or Prices(np.zeros_like(problem.capacity), np.zeros_like(problem.floor))
    cells = list(pad_reps(booked.room))
    # A start near the optimum needs few rounds. The bound is proven anew either way.
    rounds = ROUNDS if start is None else WARM_ROUNDS

    def work(one: PaddedBatch) -> Solution:
        return _solve_cells(one, prices.take(one.reps), rounds, tolerance, exact)

    parts = _in_threads(work, cells, threads or cpu_count() or 1)
    choice = np.full(len(problem), WAIT, dtype=np.int64)
    solution = Solution(
        choice,
        np.zeros(reps),
        np.zeros(reps),
        Prices(np.zeros_like(problem.capacity), np.zeros_like(problem.floor)),
        booked.overflow,
        np.zeros(reps, dtype=bool),
    )
    for one, part in zip(cells, parts, strict=True):
        _put(solution, one, part)
    return solution


def _in_threads(work: Callable[[PaddedBatch], Solution], cells: Sequence[PaddedBatch], threads: int) -> list[Solution]:
    """In the order given; NumPy and HiGHS let other threads run."""
    with ThreadPoolExecutor(max_workers=threads) as pool:
        return list(pool.map(work, cells))


def _solve_cells(cells: PaddedBatch, start: Prices, rounds: int, tolerance: float, exact: bool) -> Solution:
    climb = find_prices(cells, start, rounds)
    known = np.isfinite(climb.worth)
    choice = climb.choice
    choice[known] = polish(cells.take(known), choice[known])
    worth = np.where(known, cells.worth(np.where(known[:, None], choice, 0)), -np.inf)
    bound = climb.bound
    # The search proves most reps; the integer programme is much slower and is kept for the rest.
    wide = ~known | (bound - worth > tolerance * np.abs(bound)) | exact
    for rep in np.flatnonzero(wide).tolist():
        solved = solve_exactly(cells, rep, 0.0 if exact else tolerance / 2)
        choice[rep] = solved.choice
        worth[rep] = cells.worth(choice)[rep]
        # The bound of the programme is tight to its tolerance only and may lie a hair below the plan.
        bound[rep] = max(solved.bound, worth[rep])
    return Solution(choice, worth, bound, climb.best, np.zeros_like(cells.capacity), wide)


def _put(whole: Solution, cells: PaddedBatch, part: Solution) -> None:
    real = cells.row >= 0
    whole.choice[cells.row[real]] = part.choice[real]
    for name in ("worth", "bound", "exact"):
        getattr(whole, name)[cells.reps] = getattr(part, name)
    whole.prices.resource[cells.reps] = part.prices.resource
    whole.prices.floor[cells.reps] = part.prices.floor
