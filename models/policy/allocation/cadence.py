"""What the playbook adds to a week's problem: shortfall costs, floors, chances of exploration."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from kqml.playbook import Playbook
from kqml.playbook.codes import CHANNELS, TIERS
from models.policy.allocation.problem import AllocationProblem, Floats, Indices

WHOLE = 1e-9
ROOM = 0.9
"""The share of a tier's accounts whose packages its floors may claim, so that something is left to choose."""


def tier_indices(tier: NDArray[np.object_]) -> Indices:
    """The place of each account's tier among TIERS; unknown ones count as the last, which is owed least."""
    result = np.full(len(tier), len(TIERS) - 1, dtype=np.int64)
    for place, name in enumerate(TIERS):
        result[tier == name] = place
    return result


def shortfall_costs(playbook: Playbook, tier: Indices) -> Floats:
    """n × channels: money lost by each owed contact that is missing."""
    costs: Floats = np.array([[playbook.shortfall_cost[name][channel] for channel in CHANNELS] for name in TIERS])
    return costs[tier]


def with_floors(problem: AllocationProblem, playbook: Playbook) -> AllocationProblem:
    """The problem with the playbook's floors: whole contacts that each tier of a rep must get, a share of the owed.

    What no allowed package brings is not asked for. Where a tier's accounts, one package each, cannot bring all
    that is asked for, with ROOM to choose, its floors are lowered in proportion.
    """
    reps, tiers = len(problem.capacity), len(TIERS)
    share = np.array([playbook.cadence_floor[name] for name in TIERS])
    best = np.where(problem.allowed[:, :, None], problem.counted, 0.0).max(axis=1)
    # A contact that guardrails rule out for every action must not make the floor unreachable.
    due = np.where(best > 0, problem.due, 0.0)
    cell = problem.rep * tiers + problem.tier
    needed = np.divide(due, best, out=np.zeros_like(due), where=best > 0).sum(axis=1)
    request = np.bincount(cell, needed, reps * tiers) * np.tile(share, reps)
    # One action for each account and week: a tier cannot deliver more contacts than its accounts have actions.
    there = ROOM * np.bincount(cell, minlength=reps * tiers)
    held = np.minimum(1.0, np.divide(there, request, out=np.ones(len(request)), where=request > 0)).reshape(reps, tiers)
    required = np.zeros((reps, tiers, due.shape[1]))
    np.add.at(required, (problem.rep, problem.tier), due)
    # Rounded down after a hair's addition: 2.9999999 owed contacts are 3, but half a contact is no obligation.
    return replace(problem, floor=np.floor(required * (share * held)[:, :, None] + WHOLE))


def no_floors(reps: int) -> Floats:
    """R × tiers × channels of a week that asks for nothing."""
    return np.zeros((reps, len(TIERS), len(CHANNELS)))


def exploration(playbook: Playbook, tier: Indices, kept_out: NDArray[np.bool_]) -> Floats:
    """ε of each account by its tier; 0 where it is `kept_out` (musts, the holdout)."""
    probability = np.array([playbook.exploration[name] for name in TIERS])[tier]
    return np.where(kept_out, 0.0, probability)
