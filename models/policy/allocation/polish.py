"""Local search that improves feasible plans by changes that keep them feasible."""

import numpy as np

from models.policy.allocation.padded_batch import PaddedBatch
from models.policy.allocation.problem import SMALL, Floats, Indices

ROUNDS = 40
LEAST_GAIN = 1e-9


def polish(batch: PaddedBatch, choice: Indices) -> Indices:
    """Change, rep by rep, the action of the account that gains most, until no change gains.

    `choice` (r × m) must fit capacities and floors; so does the result.
    """
    choice = choice.copy()
    active = np.arange(len(batch.reps))
    for _ in range(ROUNDS):
        gain, position, action = _best_move(batch, choice, active)
        moving = gain > LEAST_GAIN
        active = active[moving]
        if not len(active):
            break
        choice[active, position[moving]] = action[moving]
    return choice


def _best_move(batch: PaddedBatch, choice: Indices, reps: Indices) -> tuple[Floats, Indices, Indices]:
    """Return for each of `reps` the largest gain of one change (−inf without one), its position and its action."""
    now = choice[reps]
    taken = np.take_along_axis(batch.cost[:, :, reps], now[None, None], axis=1)[:, 0]
    # The same tolerance as `fits`: else a plan at its limit could not exchange equals.
    room = (batch.capacity[reps] * (1 + SMALL) + SMALL).T - taken.sum(axis=2)
    current = np.take_along_axis(batch.value[:, reps], now[None], axis=0)[0]
    brought = np.take_along_axis(batch.counted[:, :, reps], now[None, None], axis=1)[:, 0]
    spare = _spare(batch, reps, brought)
    best = np.full(len(reps), -np.inf)
    position, action = np.zeros(len(reps), dtype=np.int64), np.zeros(len(reps), dtype=np.int64)
    for code in range(len(batch.value)):
        extra = batch.cost[:, code, reps] - taken
        possible = (extra <= room[:, :, None]).all(axis=0)
        if batch.floored:
            possible &= (batch.counted[:, code, reps] - brought >= -spare).all(axis=0)
        # Single changes only: exchanges between two accounts would cost r × m² comparisons a round.
        gain = np.where(possible, batch.value[code, reps] - current, -np.inf)
        where = gain.argmax(axis=1)
        most = gain[np.arange(len(reps)), where]
        better = most > best
        best, position = np.where(better, most, best), np.where(better, where, position)
        action = np.where(better, code, action)
    return best, position, action


def _spare(batch: PaddedBatch, reps: Indices, brought: Floats) -> Floats:
    """Return C × reps × m: due contacts that an account's tier may lose before it falls below its floor."""
    tier, spare = batch.tier[reps], np.zeros_like(brought)
    if batch.floored:
        for code in range(batch.floor.shape[1]):
            inside = tier == code
            # A change may take contacts from an account as long as its whole tier stays at or above its floor.
            left = np.where(inside, brought, 0.0).sum(axis=2) - batch.floor[reps, code].T + SMALL
            spare += np.where(inside, left[:, :, None], 0.0)
    return spare
