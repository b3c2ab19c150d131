"""Expected orders of a renewal process with lognormal gaps, given the age of the current gap."""

from dataclasses import dataclass
from functools import cache

import numpy as np
from scipy.special import ndtr, ndtri

from experiments.world.draws import Floats, Indices

STEP = 0.02
TABLE_STEPS = 5
"""The table holds every so many steps."""

FAR = 14.0
"""Operational time from which on one order is expected per unit."""

SPREADS = np.linspace(0.1, 1.3, 13)
AGES = np.linspace(0.0, 0.995, 41)
"""Ages as chances that a gap is shorter."""


def shorter(age: Floats, spread: Floats | float) -> Floats:
    """Chance that a gap (lognormal, mean 1) is shorter than `age`."""
    with np.errstate(divide="ignore"):
        z = (np.log(np.maximum(age, 0.0)) + np.square(spread) / 2) / spread
    return np.asarray(ndtr(z), dtype=np.float64)


@dataclass(frozen=True)
class Curves:
    """Expected orders of n accounts against operational time from now on: a row of the table for each."""

    rows: Floats

    def expected(self, account: Indices, time: Floats) -> Floats:
        """M(time | age) of the accounts at these indices of the rows."""
        index = np.minimum(time, FAR - 1e-9) / (STEP * TABLE_STEPS)
        left = index.astype(np.int64)
        flat, start = self.rows.ravel(), account * self.rows.shape[1] + left
        low = flat[start]
        return np.asarray(low + (index - left) * (flat[start + 1] - low) + np.maximum(time - FAR, 0.0))


def curves_of(age: Floats, spread: Floats) -> Curves:
    """The curves of accounts whose current gap has this age in operational time."""
    table = _table()
    across = np.clip((spread - SPREADS[0]) / (SPREADS[1] - SPREADS[0]), 0, len(SPREADS) - 1 - 1e-9)
    down = np.clip(shorter(age, spread), 0.0, AGES[-1] - 1e-9) / (AGES[1] - AGES[0])
    i, j = across.astype(np.int64), down.astype(np.int64)
    u, v = (across - i)[:, None], (down - j)[:, None]
    upper = (1 - v) * table[i, j] + v * table[i, j + 1]
    lower = (1 - v) * table[i + 1, j] + v * table[i + 1, j + 1]
    return Curves(np.ascontiguousarray((1 - u) * upper + u * lower))


def still_none(age: Floats, time: Floats, spread: Floats) -> Floats:
    """Chance of no order within `time`, given the age."""
    return np.asarray((1 - shorter(age + time, spread)) / np.maximum(1 - shorter(age, spread), 1e-9))


@cache
def _table() -> Floats:
    """Spreads × ages × times."""
    grid = np.arange(0.0, FAR + STEP / 2, STEP)
    return np.array([[_given_age(grid, spread, probability) for probability in AGES] for spread in SPREADS])


@cache
def _ordinary(spread: float) -> Floats:
    """The renewal function from an order on, by its equation M = F + F * M on the grid; orders fall mid-step, so that
    a step's own end stands on both sides."""
    grid = np.arange(0.0, FAR + STEP / 2, STEP)
    steps = np.diff(shorter(grid, spread), prepend=0.0)
    result = np.zeros(len(grid))
    for index in range(1, len(grid)):
        later = (result[index - 1 :: -1] + result[index:0:-1]) / 2
        result[index] = (steps[1 : index + 1] * (1.0 + later)).sum() / (1.0 - steps[1] / 2)
    return result


def _given_age(grid: Floats, spread: float, probability: float) -> Floats:
    """The first order ends the current gap; from it on the ordinary function counts."""
    age = float(np.exp(spread * ndtri(probability) - spread**2 / 2)) if probability > 0 else 0.0
    first = (shorter(age + grid, spread) - probability) / (1 - probability)
    steps = np.diff(first, prepend=0.0)
    after = np.convolve(steps, _middle(_ordinary(float(spread))))[: len(grid)]
    return np.asarray((first + after)[::TABLE_STEPS], dtype=np.float64)


def _middle(ordinary: Floats) -> Floats:
    """Values half a step later, since an order falls in the middle of its step."""
    return np.concatenate([(ordinary[1:] + ordinary[:-1]) / 2, ordinary[-1:]])
