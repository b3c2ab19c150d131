"""Subproblems: the problem of some reps, each as often as it is named."""

from dataclasses import dataclass, replace

import numpy as np

from models.policy.allocation.problem import AllocationProblem, Indices


@dataclass(frozen=True)
class Subproblem:
    """`problem`: its rep j is rep `reps[j]` of the whole problem, its row i is row `rows[i]` of the whole."""

    problem: AllocationProblem
    reps: Indices
    rows: Indices


def subproblem(problem: AllocationProblem, reps: Indices) -> Subproblem:
    """Return the problem of `reps`; a rep named twice has its accounts twice."""
    order = np.argsort(problem.rep, kind="stable")
    counts = np.bincount(problem.rep, minlength=len(problem.capacity))
    starts = np.cumsum(counts) - counts
    sizes = counts[reps]
    # Ranges of different lengths joined without a loop: the start of each, less where it begins in the result.
    ahead = np.repeat(starts[reps] - (np.cumsum(sizes) - sizes), sizes)
    rows = order[ahead + np.arange(int(sizes.sum()))]
    names = ("tier", "net_value", "allowed", "fulfils", "booked", "due", "shortfall_cost")
    cut = replace(
        problem,
        rep=np.repeat(np.arange(len(reps)), sizes),
        capacity=problem.capacity[reps],
        floor=problem.floor[reps],
        own_cost=None if problem.own_cost is None else problem.own_cost[rows],
        **{name: getattr(problem, name)[rows] for name in names},
    )
    return Subproblem(cut, reps, rows)
