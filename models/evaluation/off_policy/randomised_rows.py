"""Randomised decisions of a log with their propensities, and their importance weights under a target policy."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Codes = NDArray[np.int64]


@dataclass(frozen=True)
class RandomisedRows:
    """n decisions. `action` (n): index of the logged one among K; `probability` (n): its propensity; `outcome` (n).
    `eligible` (n × K): actions that the log could have chosen. `account`, `rep` (n): codes of clusters."""

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
    """A target policy π on the rows of a log: `weight` (n) = π(logged action) / p; `expected` (n) = Σₐ π(a) q(a), the
    target's outcome by a regression q; `fitted` (n): q of the logged action."""

    weight: Floats
    expected: Floats
    fitted: Floats


def disagreement(target: Floats, against: Floats) -> Floats:
    """Return the total variation distance of two policies on each row (n × K → n), from 0 to 1."""
    return np.asarray(np.abs(target - against).sum(axis=1) / 2.0, dtype=np.float64)


def weigh(rows: RandomisedRows, target: Floats, regression: Floats) -> WeightedRows:
    """Return the weights of a target policy (n × K probabilities), with a cross-fitted `regression` (n × K)."""
    row = np.arange(len(rows))
    return WeightedRows(
        weight=target[row, rows.action] / rows.probability,
        expected=np.asarray((target * regression).sum(axis=1), dtype=np.float64),
        fitted=regression[row, rows.action],
    )
