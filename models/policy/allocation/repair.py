"""Turning plans that do not fit into plans that do, by the moves that heal most for the value they lose."""

import numpy as np

from models.policy.allocation.padded_batch import PaddedBatch
from models.policy.allocation.problem import SMALL, Floats, Indices

ROUNDS = 60
HEALS = 1e-9


def repair(cells: PaddedBatch, choice: Indices) -> Indices:
    """Changes one account's package at a time, rep by rep, while that heals; not every plan gets to fit."""
    choice = choice.copy()
    active = np.arange(len(cells.reps))
    for _ in range(ROUNDS):
        score, place, package = _best_move(cells, choice, active)
        moving = score > 0
        active = active[moving]
        # A rep leaves when no move heals it, healed or stuck; what is stuck goes to the exact programme.
        if not len(active):
            break
        choice[active, place[moving]] = package[moving]
    return choice


def _best_move(cells: PaddedBatch, choice: Indices, reps: Indices) -> tuple[Floats, Indices, Indices]:
    """For each of `reps` the move that heals most for what it loses: its score (0 without one), place, package."""
    now, row = choice[reps], np.arange(len(reps))
    capacity = np.where(cells.capacity[reps] > 0, cells.capacity[reps], 1.0).T
    taken = np.take_along_axis(cells.cost[:, :, reps], now[None, None], axis=1)[:, 0]
    over = (taken.sum(axis=2) - cells.capacity[reps].T) / capacity
    brought = np.take_along_axis(cells.counted[:, :, reps], now[None, None], axis=1)[:, 0]
    short = _shortness(cells, reps, brought)
    current = np.take_along_axis(cells.value[:, reps], now[None], axis=0)[0]
    # Shares of capacity and of floors are added up, so that an hour too much and a missing contact compare.
    ill = _beyond(over).sum(axis=0)[:, None] + _beyond(short).sum(axis=0)
    best, place, package = np.zeros(len(reps)), np.zeros(len(reps), np.int64), np.zeros(len(reps), np.int64)
    for one in range(len(cells.value)):
        extra = (cells.cost[:, one, reps] - taken) / capacity[:, :, None]
        more = (cells.counted[:, one, reps] - brought) / _unit(cells, reps)
        healed = ill - _beyond(over[:, :, None] + extra).sum(axis=0) - _beyond(short - more).sum(axis=0)
        # Forbidden actions have the value −inf, hence an infinite loss and the score 0.
        loss = np.maximum(current - cells.value[one, reps], 0.0)
        # Healing per money lost, as in the greedy of the knapsack; + 1 where a move costs nothing.
        score = np.where(healed > HEALS, healed / (loss + 1.0), 0.0)
        where = score.argmax(axis=1)
        most = score[row, where]
        better = most > best
        best, place = np.where(better, most, best), np.where(better, where, place)
        package = np.where(better, one, package)
    return best, place, package


def _beyond(excess: Floats) -> Floats:
    """What lies beyond its limit."""
    return np.where(excess > SMALL, excess, 0.0)


def _unit(cells: PaddedBatch, reps: Indices) -> Floats:
    """C × reps × m: the floor of each account's tier, at least 1."""
    row = reps[:, None]
    return np.maximum(cells.floor[row, cells.tier[reps]].transpose(2, 0, 1), 1.0)


def _shortness(cells: PaddedBatch, reps: Indices, brought: Floats) -> Floats:
    """C × reps × m: contacts missing of the floor of each account's tier, as a share of it; negative where spare."""
    tier, short = cells.tier[reps], np.zeros_like(brought)
    for one in range(cells.floor.shape[1]):
        inside = tier == one
        missing = cells.floor[reps, one].T - np.where(inside, brought, 0.0).sum(axis=2)
        short += np.where(inside, missing[:, :, None], 0.0)
    return short / _unit(cells, reps)
