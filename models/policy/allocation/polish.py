"""Improving plans that fit by moves that keep them fitting."""

import numpy as np

from models.policy.allocation.padded_batch import PaddedBatch
from models.policy.allocation.problem import SMALL, Floats, Indices

ROUNDS = 40
LEAST_GAIN = 1e-9


def polish(cells: PaddedBatch, choice: Indices) -> Indices:
    """Changes, rep by rep, the package of one account at a time to the one that gains most, until none gains.

    `choice` (r × m) must fit; so does the answer.
    """
    choice = choice.copy()
    active = np.arange(len(cells.reps))
    for _ in range(ROUNDS):
        gain, place, package = _best_move(cells, choice, active)
        moving = gain > LEAST_GAIN
        active = active[moving]
        if not len(active):
            break
        choice[active, place[moving]] = package[moving]
    return choice


def _best_move(cells: PaddedBatch, choice: Indices, reps: Indices) -> tuple[Floats, Indices, Indices]:
    """For each of `reps`: the largest gain of one change, at which place, to which package; −inf without one."""
    now = choice[reps]
    taken = np.take_along_axis(cells.cost[:, :, reps], now[None, None], axis=1)[:, 0]
    # The same tolerance as `fits`: else a plan at its limit could not exchange equals.
    room = (cells.capacity[reps] * (1 + SMALL) + SMALL).T - taken.sum(axis=2)
    current = np.take_along_axis(cells.value[:, reps], now[None], axis=0)[0]
    brought = np.take_along_axis(cells.counted[:, :, reps], now[None, None], axis=1)[:, 0]
    spare = _spare(cells, reps, brought)
    best = np.full(len(reps), -np.inf)
    place, package = np.zeros(len(reps), dtype=np.int64), np.zeros(len(reps), dtype=np.int64)
    for one in range(len(cells.value)):
        extra = cells.cost[:, one, reps] - taken
        possible = (extra <= room[:, :, None]).all(axis=0)
        if cells.floored:
            possible &= (cells.counted[:, one, reps] - brought >= -spare).all(axis=0)
        # Single changes only: exchanges between two accounts would cost r × m² comparisons a round.
        gain = np.where(possible, cells.value[one, reps] - current, -np.inf)
        where = gain.argmax(axis=1)
        most = gain[np.arange(len(reps)), where]
        better = most > best
        best, place = np.where(better, most, best), np.where(better, where, place)
        package = np.where(better, one, package)
    return best, place, package


def _spare(cells: PaddedBatch, reps: Indices, brought: Floats) -> Floats:
    """C × reps × m: owed contacts that an account's tier may lose before its floor."""
    tier, spare = cells.tier[reps], np.zeros_like(brought)
    if cells.floored:
        for one in range(cells.floor.shape[1]):
            inside = tier == one
            # A change may take contacts from an account as long as its whole tier stays at or above its floor.
            left = np.where(inside, brought, 0.0).sum(axis=2) - cells.floor[reps, one].T + SMALL
            spare += np.where(inside, left[:, :, None], 0.0)
    return spare
