"""Greedy repair of infeasible plans: the changes that reduce violations most for the value they lose."""

import numpy as np

from models.policy.allocation.padded_batch import PaddedBatch
from models.policy.allocation.problem import SMALL, Floats, Indices

ROUNDS = 60
LEAST_REDUCTION = 1e-9


def repair(batch: PaddedBatch, choice: Indices) -> Indices:
    """Change one account's action at a time, rep by rep, while that reduces violations; the result may not fit."""
    choice = choice.copy()
    active = np.arange(len(batch.reps))
    for _ in range(ROUNDS):
        score, position, action = _best_move(batch, choice, active)
        moving = score > 0
        active = active[moving]
        # A rep leaves when no change reduces its violations: repaired, or stuck and left to the exact program.
        if not len(active):
            break
        choice[active, position[moving]] = action[moving]
    return choice


def _best_move(batch: PaddedBatch, choice: Indices, reps: Indices) -> tuple[Floats, Indices, Indices]:
    """Return for each of `reps` the change with the highest score (0 without one): score, position, action."""
    now, row = choice[reps], np.arange(len(reps))
    capacity = np.where(batch.capacity[reps] > 0, batch.capacity[reps], 1.0).T
    taken = np.take_along_axis(batch.cost[:, :, reps], now[None, None], axis=1)[:, 0]
    over = (taken.sum(axis=2) - batch.capacity[reps].T) / capacity
    brought = np.take_along_axis(batch.counted[:, :, reps], now[None, None], axis=1)[:, 0]
    shortfall = _shortfall(batch, reps, brought)
    current = np.take_along_axis(batch.value[:, reps], now[None], axis=0)[0]
    # Shares of capacity and of floors are added up, so that an hour too much and a missing contact compare.
    violation = _excess(over).sum(axis=0)[:, None] + _excess(shortfall).sum(axis=0)
    best, position, action = np.zeros(len(reps)), np.zeros(len(reps), np.int64), np.zeros(len(reps), np.int64)
    for code in range(len(batch.value)):
        extra = (batch.cost[:, code, reps] - taken) / capacity[:, :, None]
        more = (batch.counted[:, code, reps] - brought) / _unit(batch, reps)
        reduction = violation - _excess(over[:, :, None] + extra).sum(axis=0) - _excess(shortfall - more).sum(axis=0)
        # Forbidden actions have the value −inf, hence an infinite loss and the score 0.
        loss = np.maximum(current - batch.value[code, reps], 0.0)
        # Reduction per money lost, as in the greedy of the knapsack; + 1 where a change costs nothing.
        score = np.where(reduction > LEAST_REDUCTION, reduction / (loss + 1.0), 0.0)
        where = score.argmax(axis=1)
        most = score[row, where]
        better = most > best
        best, position = np.where(better, most, best), np.where(better, where, position)
        action = np.where(better, code, action)
    return best, position, action


def _excess(excess: Floats) -> Floats:
    """Return what lies beyond its limit, 0 within the tolerance."""
    return np.where(excess > SMALL, excess, 0.0)


def _unit(batch: PaddedBatch, reps: Indices) -> Floats:
    """Return C × reps × m: the floor of each account's tier, at least 1."""
    row = reps[:, None]
    return np.maximum(batch.floor[row, batch.tier[reps]].transpose(2, 0, 1), 1.0)


def _shortfall(batch: PaddedBatch, reps: Indices, brought: Floats) -> Floats:
    """Return C × reps × m: contacts missing of the floor of each account's tier, as a share of it; negative: spare."""
    tier, shortfall = batch.tier[reps], np.zeros_like(brought)
    for code in range(batch.floor.shape[1]):
        inside = tier == code
        missing = batch.floor[reps, code].T - np.where(inside, brought, 0.0).sum(axis=2)
        shortfall += np.where(inside, missing[:, :, None], 0.0)
    return shortfall / _unit(batch, reps)
