"""The playbook's part of a week's problem: shortfall costs, floors, probabilities of exploration."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from kqml.playbook import Playbook
from kqml.playbook.codes import CHANNELS, TIERS
from models.policy.allocation.problem import AllocationProblem, Floats, Indices

WHOLE = 1e-9
ROOM = 0.9
"""The share of a tier's accounts whose actions its floors may claim, so that a choice is left."""


def tier_indices(tier: NDArray[np.object_]) -> Indices:
    """Return the index of each account's tier in TIERS; unknown tiers count as the last, with the lowest targets."""
    result = np.full(len(tier), len(TIERS) - 1, dtype=np.int64)
    for index, name in enumerate(TIERS):
        result[tier == name] = index
    return result


def shortfall_costs(playbook: Playbook, tier: Indices) -> Floats:
    """Return n × channels: the money lost by each due contact that is missing."""
    costs: Floats = np.array([[playbook.shortfall_cost[name][channel] for channel in CHANNELS] for name in TIERS])
    return costs[tier]


def with_floors(problem: AllocationProblem, playbook: Playbook) -> AllocationProblem:
    """Return the problem with the playbook's floors: whole contacts that each tier of a rep must get.

    A floor is a share of the due contacts; contacts that no allowed action brings are left out. Where a tier's
    accounts, one action each, cannot bring its floors and leave ROOM to choose, the floors are lowered in proportion.
    """
    reps, tiers = len(problem.capacity), len(TIERS)
    share = np.array([playbook.cadence_floor[name] for name in TIERS])
    best = np.where(problem.allowed[:, :, None], problem.counted, 0.0).max(axis=1)
    # A contact that guardrails rule out for every action must not make the floor unreachable.
    due = np.where(best > 0, problem.due, 0.0)
    cell = problem.rep * tiers + problem.tier
    needed = np.divide(due, best, out=np.zeros_like(due), where=best > 0).sum(axis=1)
    claimed = np.bincount(cell, needed, reps * tiers) * np.tile(share, reps)
    # One action for each account and week: a tier cannot deliver more contacts than its accounts have actions.
    available = ROOM * np.bincount(cell, minlength=reps * tiers)
    scale = np.minimum(1.0, np.divide(available, claimed, out=np.ones(len(claimed)), where=claimed > 0))
    required = np.zeros((reps, tiers, due.shape[1]))
    np.add.at(required, (problem.rep, problem.tier), due)
    # Rounded down after a hair's addition: 2.9999999 owed contacts are 3, but half a contact is no obligation.
    return replace(problem, floor=np.floor(required * (share * scale.reshape(reps, tiers))[:, :, None] + WHOLE))


def no_floors(reps: int) -> Floats:
    """Return R × tiers × channels zeros: a week without floors."""
    return np.zeros((reps, len(TIERS), len(CHANNELS)))


def exploration(playbook: Playbook, tier: Indices, excluded: NDArray[np.bool_]) -> Floats:
    """Return the probability ε of exploration of each account, by its tier; 0 where it is `excluded`."""
    probability = np.array([playbook.exploration[name] for name in TIERS])[tier]
    return np.where(excluded, 0.0, probability)
