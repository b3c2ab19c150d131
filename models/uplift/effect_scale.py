"""What an outcome's effects are measured in at a row: what is at stake there, how far outcomes scatter."""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from models.uplift.forests import CrossFitted
from models.uplift.sample import Codes, Flags, Floats

REAL_LOSSES = 0.01
"""Amounts whose negative part is a smaller share of the positive one (a return now and then) count as amounts."""

LEAST_CHANCE_SPREAD = 0.03


class OutcomeKind(StrEnum):
    """What an outcome is like: yes or no, an amount that is hardly ever negative, any number."""

    BINARY = "binary"
    AMOUNT = "amount"
    NUMBER = "number"


@dataclass(frozen=True)
class Measure:
    """Of n rows. `level`: the outcome to be expected. `effect_scale`: what effects are shares of. `spread`: the
    usual size of what the regression leaves over. The last two are never 0."""

    level: Floats
    effect_scale: Floats
    spread: Floats

    def where(self, mask: Flags) -> "Measure":
        """Of the rows for which `mask` is true."""
        return Measure(self.level[mask], self.effect_scale[mask], self.spread[mask])


@dataclass(frozen=True)
class EffectScale:
    """Predicts a row's measure.

    Effects on amounts are shares of the expected amount, those on other numbers shares of the spread, those on binary
    outcomes differences. `scatter`: None where √(p(1 − p)) of a probability serves. `least_scale`, `least_spread`:
    lower bounds of scale and spread.
    """

    kind: OutcomeKind
    trees: CrossFitted
    scatter: CrossFitted | None
    least_scale: float
    least_spread: float

    def at(self, values: Floats) -> Measure:
        """Return the measure of other rows."""
        return self._of(self.trees.mean(values), self.scatter.mean(values) if self.scatter else None)

    def out_of_fold(self, values: Floats, fold: Codes) -> Measure:
        """Return the measure of the rows that it was fitted on, by the models of the other folds."""
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
