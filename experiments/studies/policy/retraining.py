"""A policy that is refitted as outcomes mature."""

from collections.abc import Callable
from dataclasses import dataclass, field

from experiments.studies.policy.allocation_policy import Score
from experiments.studies.policy.history import RolloutHistory
from experiments.studies.policy.pilot import PilotEffects
from experiments.world.control import Observation
from experiments.world.draws import Floats
from models.uplift.sample import DecisionSample


def _nobody(rows: int) -> None:
    """Ignore the number of rows."""


@dataclass
class RetrainedPolicy:
    """A score that is fitted to the mature rows every `every` weeks.

    `share`: of the mature rows, 0 to 1. `report_progress`: called with the number of rows of each training.
    """

    learned: PilotEffects
    fit: Callable[[DecisionSample], Score]
    every: int
    share: float = 1.0
    report_progress: Callable[[int], None] = _nobody
    week: int = 0
    score: Score | None = field(default=None, repr=False)
    rows: int = 0

    def __call__(self, observation: Observation, values: Floats, history: RolloutHistory) -> Floats:
        if self.week % self.every == 0:
            self._learn()
        self.week += 1
        assert self.score is not None
        return self.score(observation, values, history)

    def _learn(self) -> None:
        sample = self.learned.matured(self.share)
        if len(sample) != self.rows:
            self.score, self.rows = self.fit(sample), len(sample)
            self.report_progress(self.rows)
