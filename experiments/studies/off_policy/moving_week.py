"""A pilot week that moves: required visits replace actions after Monday, next actions are drawn where none was decided.

The log keeps Monday's assignment with its propensity, whatever replaced it: later changes belong to the policy of the
later decisions. A next action is a decision of its own.
"""

from dataclasses import dataclass

import numpy as np

from experiments.studies.off_policy.pilot_weeks import LoggedPolicy
from experiments.world.actions import ActionCodes, WorldAction
from experiments.world.control import Observation, Pilot, WorldDecisions, draw_uniformly
from experiments.world.draws import Flags, Floats

REQUIRED, REQUIRED_AFTER_COMPLAINT = 0.05, 0.6
"""Chance that a visit becomes required during the week, without and with an open complaint."""

REQUESTED = 0.3
"""Share of accounts without a decision on Monday for which a next action is requested."""


def required_chance(observation: Observation) -> Floats:
    """Return per account the chance that a required visit replaces Monday's action; 0 where no visit is allowed."""
    chance = np.where(observation.complains, REQUIRED_AFTER_COMPLAINT, REQUIRED)
    return np.asarray(np.where(observation.eligible[:, WorldAction.VISIT], chance, 0.0), dtype=np.float64)


def requires_visit(observation: Observation) -> Flags:
    """Return which accounts get a required visit during this week."""
    return np.asarray(observation.uniform("required visit") < required_chance(observation), dtype=bool)


@dataclass(frozen=True)
class NextActionDraws:
    """Optional next actions in mid-week, drawn uniformly from the eligible ones, of accounts that have neither a
    decision of Monday nor a required visit."""

    monday: Pilot
    name: str = "next actions"

    def decide(self, observation: Observation) -> WorldDecisions:
        monday = self.monday.decide(observation)
        mask = observation.on_books & ~monday.explored & ~requires_visit(observation)
        return draw_uniformly(observation, mask & (observation.uniform("requested") < REQUESTED), "next action")


@dataclass(frozen=True)
class Overwritten:
    """Monday's decisions as a faulty log would hold them: the replacing action with Monday's propensity."""

    monday: Pilot
    name: str = "overwritten"

    def decide(self, observation: Observation) -> WorldDecisions:
        logged = self.monday.decide(observation)
        replaced = np.where(requires_visit(observation), WorldAction.VISIT, logged.assigned).astype(np.int8)
        return _with(logged, replaced, logged.explored)


@dataclass(frozen=True)
class MovingWeek:
    """What is carried out: Monday's actions and next actions, replaced by required visits."""

    monday: Pilot
    name: str = "moving week"

    def decide(self, observation: Observation) -> WorldDecisions:
        first, later = self.monday.decide(observation), NextActionDraws(self.monday).decide(observation)
        required = requires_visit(observation) & observation.on_books
        assigned = np.where(first.explored, first.assigned, later.assigned)
        assigned = np.where(required, WorldAction.VISIT, assigned).astype(np.int8)
        return _with(first, assigned, first.explored | later.explored | required)


def logged_policies(monday: Pilot, *, overwritten: bool = False) -> list[LoggedPolicy]:
    """Return what the log of a moving week holds: Monday's decisions, next actions. `overwritten`: as a faulty log
    would hold Monday's."""
    first = Overwritten(monday) if overwritten else monday
    return [LoggedPolicy(first, required_chance), LoggedPolicy(NextActionDraws(monday))]


def _with(decisions: WorldDecisions, assigned: ActionCodes, ruled: Flags) -> WorldDecisions:
    priority = np.where(ruled, 100.0, 0.0)
    return WorldDecisions(
        ruled, assigned, decisions.probability, decisions.explored, decisions.must, decisions.holdout, priority
    )
