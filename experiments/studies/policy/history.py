"""The history of simulated weeks as a company records it: sales, silence, contacts."""

from dataclasses import dataclass, field

import numpy as np

from experiments.world.actions import WorldAction
from experiments.world.control import Observation, WorldDecisions
from experiments.world.draws import Floats
from experiments.world.population import SEGMENTS, TIERS
from experiments.world.regions import NAMES
from experiments.world.simulation import SimulatedWeeks
from experiments.world.truth import HORIZON

WINDOWS = (4, 13, 26, 52)


@dataclass
class RolloutHistory:
    """Recorded weeks; pass `notice` to `control.run`. `contacts`: weeks × accounts of actions."""

    margin: list[Floats] = field(default_factory=list)
    contacts: list[Floats] = field(default_factory=list)

    def notice(self, observation: Observation, decisions: WorldDecisions, weeks: SimulatedWeeks) -> None:
        self.margin.append(weeks.amount * observation.margin_rate)
        self.contacts.append(weeks.acts.recorded.astype(np.float64))

    def copy(self) -> "RolloutHistory":
        return RolloutHistory([*self.margin[-WINDOWS[-1] :]], [*self.contacts[-WINDOWS[-1] :]])

    def trailing(self) -> Floats:
        """Return the margin of a horizon at the mean rate of the last year."""
        return np.asarray(np.mean(self.margin[-WINDOWS[-1] :], axis=0) * HORIZON, dtype=np.float64)

    def values(self, observation: Observation) -> Floats:
        """Return the features (n, F) of every learner of the study."""
        margin, met = np.array(self.margin[-WINDOWS[-1] :]), np.array(self.contacts[-WINDOWS[-1] :])
        index = np.arange(len(margin))[:, None]
        silent = len(margin) - np.where(margin > 0, index, -1).max(axis=0)
        untouched = len(margin) - np.where(met > 0, index, -1).max(axis=0)
        columns = [margin[-window:].sum(axis=0) for window in WINDOWS]
        columns += [(met[-window:] >= WorldAction.VISIT).sum(axis=0) for window in WINDOWS[:3]]
        columns += [(met[-window:] > 0).sum(axis=0) for window in WINDOWS[:2]]
        often = (margin[-26:] > 0).mean(axis=0)
        columns += [silent, untouched, often, silent * often, columns[0] * 13 / 4 - columns[1]]
        result = ((TIERS, observation.tier), (SEGMENTS, observation.segment), (NAMES, observation.region))
        columns += [np.searchsorted(sorted(known), words) for known, words in result]
        return np.column_stack([*columns, observation.minutes_away]).astype(np.float64)
