"""Effect scale: the unit in which effects on an outcome are expressed at each row, and the residual spread."""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from models.uplift.forests import CrossFitted
from models.uplift.sample import Codes, Flags, Floats

REAL_LOSSES = 0.01
"""Outcomes are amounts if the sum of their negative values is at most this share of the sum of the positive ones
(returns)."""

LEAST_CHANCE_SPREAD = 0.03


class OutcomeKind(StrEnum):
    """The kind of an outcome: binary, an amount that is rarely negative, or any number."""

    BINARY = "binary"
    AMOUNT = "amount"
    NUMBER = "number"


@dataclass(frozen=True)
class Measure:
    """Scales of n rows.

    `level`: expected outcome. `effect_scale`: effects are shares of it. `spread`: typical size of residuals. The last
    two are above 0.
    """

    level: Floats
    effect_scale: Floats
    spread: Floats

    def where(self, mask: Flags) -> "Measure":
        """Return the rows for which `mask` is true."""
        return Measure(self.level[mask], self.effect_scale[mask], self.spread[mask])


@dataclass(frozen=True)
class EffectScale:
    """Predicts the measure of rows.

    Effects on amounts are shares of the expected amount, effects on other numbers shares of the spread, effects on
    binary outcomes differences. `scatter`: None where the spread is √(p(1 − p)). `least_scale`, `least_spread`: lower
    bounds of scale and spread.
    """

    kind: OutcomeKind
    trees: CrossFitted
    scatter: CrossFitted | None
    least_scale: float
    least_spread: float

    def at(self, values: Floats) -> Measure:
        """Return the measure of rows that the models were not fitted on."""
        return self._of(self.trees.mean(values), self.scatter.mean(values) if self.scatter else None)

    def out_of_fold(self, values: Floats, fold: Codes) -> Measure:
        """Return the out-of-fold measure of the rows that the models were fitted on."""
        level = self.trees.out_of_fold(values, fold)
        return self._of(level, self.scatter.out_of_fold(values, fold) if self.scatter else None)

    def _of(self, level: Floats, scatter: Floats | None) -> Measure:
        result = np.sqrt(level * (1.0 - level)) if scatter is None else scatter
        spread = np.maximum(result, self.least_spread)
        if self.kind is OutcomeKind.BINARY:
            return Measure(level, np.ones(len(level)), spread)
        return Measure(
            level, np.maximum(level, self.least_scale) if self.kind is OutcomeKind.AMOUNT else spread, spread
        )


def outcome_kind(outcome: Floats) -> OutcomeKind:
    if np.isin(outcome, (0.0, 1.0)).all():
        return OutcomeKind.BINARY
    losses = -float(outcome[outcome < 0].sum())
    return OutcomeKind.AMOUNT if losses <= REAL_LOSSES * float(outcome[outcome > 0].sum()) else OutcomeKind.NUMBER
