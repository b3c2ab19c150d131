"""Logged decisions whose chances are known, against the chances that a target policy gives them."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Codes = NDArray[np.int64]


@dataclass(frozen=True)
class RandomisedRows:
    """n decisions. `action`: place of the logged one among K; `probability`: with which the log chose it; `outcome`.
    `eligible` (n × K): what the log could have chosen. `account`, `rep`: codes of whom the rows belong to."""

    actions: tuple[str, ...]
    action: Codes
    probability: Floats
    outcome: Floats
    eligible: Flags
    account: Codes
    rep: Codes

    def __len__(self) -> int:
        return len(self.action)


@dataclass(frozen=True)
class WeightedRows:
    """A target policy seen from a log, row by row: `weight` = π(logged action) / p; `expected`: Σₐ π(a) q(a), the
    target's outcome by a regression q; `fitted`: q of the logged action."""

    weight: Floats
    expected: Floats
    fitted: Floats


def disagreement(one: Floats, other: Floats) -> Floats:
    """How much two policies disagree on each row, from 0 to 1: half the sum of their chances' distances."""
    return np.asarray(np.abs(one - other).sum(axis=1) / 2.0, dtype=np.float64)


def weigh(rows: RandomisedRows, target: Floats, regression: Floats) -> WeightedRows:
    """`target` (n × K): the target's chances. `regression` (n × K): expected outcomes, fitted without the row."""
    row = np.arange(len(rows))
    return WeightedRows(
        weight=target[row, rows.action] / rows.probability,
        expected=np.asarray((target * regression).sum(axis=1), dtype=np.float64),
        fitted=regression[row, rows.action],
    )
