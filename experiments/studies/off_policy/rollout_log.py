"""The log of a pilot of several weeks, which can be simulated repeatedly."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from experiments.studies.off_policy.pilot_weeks import DecisionPoint
from models.evaluation.off_policy.outcome_model import OutcomeRows
from models.evaluation.off_policy.randomised_rows import Codes, Flags, Floats, RandomisedRows
from models.uplift.sample import DecisionSample


@dataclass(frozen=True)
class RolloutLog:
    """Weeks of one world. Arrays have a row for each account of each week, week after week."""

    decision_points: Sequence[DecisionPoint]

    @cached_property
    def tier(self) -> NDArray[np.object_]:
        return np.concatenate([point.tier for point in self.decision_points])

    @cached_property
    def eligible(self) -> Flags:
        return np.concatenate([point.eligible for point in self.decision_points])

    @cached_property
    def values(self) -> Floats:
        return np.concatenate([point.values for point in self.decision_points])

    @cached_property
    def past(self) -> Floats:
        return np.concatenate([point.past for point in self.decision_points])

    @cached_property
    def truth(self) -> Floats:
        return np.concatenate([point.truth for point in self.decision_points])

    def draw(self, number: int) -> tuple[RandomisedRows, Codes]:
        """Return one log and its rows' indices into the arrays; equal numbers give equal logs."""
        logs = [point.draw(number) for point in self.decision_points]
        starts = np.cumsum([0, *(len(point.who) for point in self.decision_points)])
        rows = [
            start + point.rows_of(log) for start, point, log in zip(starts, self.decision_points, logs, strict=False)
        ]
        return _joined(logs), np.concatenate(rows)

    def sample(self, number: int) -> DecisionSample:
        """Return one log as a learner's sample."""
        randomised, rows = self.draw(number)
        return DecisionSample(
            values=self.values[rows],
            action=randomised.action,
            outcome=randomised.outcome,
            probability=randomised.probability,
            account=randomised.account,
            eligible=randomised.eligible,
            actions=randomised.actions,
        )

    def known(self, randomised: RandomisedRows, rows: Codes) -> OutcomeRows:
        """Return the rows that the outcome regression is fitted on."""
        return OutcomeRows(self.values[rows], randomised.outcome, randomised.account, self.past[rows])

    def probabilities_of(self, probabilities: Callable[[DecisionPoint], Floats]) -> Floats:
        """Return the (n, K) probabilities of all decision points, one after another."""
        return np.concatenate([probabilities(point) for point in self.decision_points])


def _joined(logs: Sequence[RandomisedRows]) -> RandomisedRows:
    columns: dict[str, Any] = {
        name: np.concatenate([getattr(log, name) for log in logs])
        for name, value in vars(logs[0]).items()
        if isinstance(value, np.ndarray)
    }
    return RandomisedRows(actions=logs[0].actions, **columns)
