"""The pilot of a study: randomised weeks, their mature outcomes, and the truth at some cutoffs."""

from dataclasses import dataclass, field

import numpy as np

from experiments.studies.policy.history import RolloutHistory
from experiments.world.control import Observation, Pilot, Reps, WorldDecisions, run
from experiments.world.draws import Flags, Floats, Indices
from experiments.world.simulation import SimulatedWeeks, Simulation
from experiments.world.truth import HORIZON, assigned_truth
from kqml.errors import Refused
from models.uplift.sample import DecisionSample

Look = tuple[Floats, Floats]
"""Features and true effects of accounts at a cutoff."""

BEYOND_PATH = 900


@dataclass(frozen=True)
class PilotWeek:
    """The randomised accounts of a week: features at the decision, action, propensity, eligible actions, and a uniform
    number by which subsets of the pilot are chosen."""

    account: Indices
    values: Floats
    action: Indices
    chance: Floats
    eligible: Flags
    lot: Floats


@dataclass
class PilotEffects:
    """The pilot as recorded.

    `margin`: of every account in each week since its start, also after its end. `beyond`: of every account in the weeks
    after the end under the reps' own policy; a policy that only the first accounts follow changes theirs only. `true`:
    (features, effects) at some cutoffs, for the oracle only.
    """

    actions: tuple[str, ...]
    weeks: list[PilotWeek] = field(default_factory=list)
    margin: list[Floats] = field(default_factory=list)
    beyond: list[Floats] = field(default_factory=list)
    true: list[Look] = field(default_factory=list)

    def followed(self) -> "PilotEffects":
        """Return a copy of the pilot to be continued in its own future."""
        return PilotEffects(self.actions, self.weeks, [*self.margin], self.beyond, self.true)

    def add_week(self, margin: Floats) -> None:
        """Add a week after the pilot's end, as simulated for the first accounts."""
        index = len(self.margin) - len(self.weeks)
        rest = self.beyond[index] if index < len(self.beyond) else margin
        self.margin.append(np.concatenate([margin, rest[len(margin) :]]))

    def matured(self, share: float = 1.0) -> DecisionSample:
        """Return the randomised rows of weeks whose horizon has passed, or a random `share` of them.

        Raises Refused without any.
        """
        mature = max(0, min(len(self.weeks), len(self.margin) - HORIZON + 1))
        if not mature:
            raise Refused("The pilot is shorter than a horizon: none of its outcomes is known yet.")
        retained = [week.lot < share for week in self.weeks[:mature]]
        columns = {
            name: np.concatenate([getattr(week, name)[mask] for week, mask in zip(self.weeks, retained, strict=False)])
            for name in ("values", "action", "chance", "account", "eligible")
        }
        outcome = np.concatenate(
            [
                np.sum(self.margin[index : index + HORIZON], axis=0)[week.account[mask]]
                for index, (week, mask) in enumerate(zip(self.weeks, retained, strict=False))
            ]
        )
        return DecisionSample(
            columns["values"],
            columns["action"],
            outcome,
            columns["chance"],
            columns["account"],
            columns["eligible"],
            self.actions,
        )


def run_pilot(simulation: Simulation, history: RolloutHistory, weeks: int, share: float) -> PilotEffects:
    """Simulate the pilot, then a horizon under the reps' own policy in another future, for `beyond`."""
    learned = PilotEffects(simulation.world.playbook.action_names)

    def notice(observation: Observation, decisions: WorldDecisions, weeks: SimulatedWeeks) -> None:
        learned.weeks.append(_randomised(observation, decisions, history.values(observation)))
        learned.margin.append(weeks.net * observation.margin_rate)
        history.notice(observation, decisions, weeks)

    def afterwards(observation: Observation, decisions: WorldDecisions, weeks: SimulatedWeeks) -> None:
        learned.beyond.append(weeks.net * observation.margin_rate)

    run(simulation, Pilot(share), weeks, notice)
    run(simulation.forked(BEYOND_PATH), Reps(), HORIZON, afterwards)
    return learned


def observe(
    simulation: Simulation, history: RolloutHistory, stage: tuple[int, float], looks: tuple[int, int]
) -> list[Look]:
    """Simulate the pilot (`stage`: weeks, share) of some accounts, with the truth of every `looks[0]` weeks by
    `looks[1]` paths."""
    results = []
    for week in range(stage[0]):
        if looks[0] and week % looks[0] == 0:
            results.append(_true(simulation, history, looks[1]))
        run(simulation, Pilot(stage[1]), 1, history.notice)
    return results


def _randomised(observation: Observation, decisions: WorldDecisions, values: Floats) -> PilotWeek:
    indices = np.flatnonzero(decisions.explored)
    return PilotWeek(
        indices,
        values[indices],
        decisions.assigned[indices].astype(np.int64),
        decisions.probability[indices],
        observation.eligible[indices],
        observation.uniform("study lot")[indices],
    )


def _true(simulation: Simulation, history: RolloutHistory, paths: int) -> Look:
    observation = Observation(simulation)
    result = assigned_truth(simulation, np.arange(len(observation.eligible)), kappa="playbook", paths=paths)
    return history.values(observation)[observation.on_books], result.effect["margin"][observation.on_books]
