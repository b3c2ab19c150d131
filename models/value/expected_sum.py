"""Sums of money that accounts would take with them if they left, with the range of chance."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

DRAWS = 1_000
CELLS = 2_000_000
"""Numbers drawn at a time."""


@dataclass(frozen=True)
class ExpectedSum:
    """An expected sum with a 95 % interval of random variation, given the churn probabilities."""

    mean: float
    low: float
    high: float


def expected_sums(probability: Floats, amounts: Floats) -> list[ExpectedSum]:
    """Return one sum for each column of `amounts` (n, columns) over the rows that leave with their `probability` (n,).

    Accounts leave independently; the interval is from simulated futures, because a sum with one large account among
    many small ones is far from normal. The seed is fixed.
    """
    random = np.random.default_rng(0)
    step = max(1, CELLS // max(1, len(amounts)))
    sizes = [min(step, DRAWS - start) for start in range(0, DRAWS, step)]
    sums = [(random.random((size, len(amounts))) < probability).astype(np.float64) @ amounts for size in sizes]
    low, high = np.quantile(np.concatenate(sums), (0.025, 0.975), axis=0)
    return [ExpectedSum(*map(float, three)) for three in zip(probability @ amounts, low, high, strict=True)]
