"""Running a policy in the world: observe, decide, act, week by week."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from experiments.world import arrow
from experiments.world.acting import WeekIntent
from experiments.world.actions import ActionCodes, WorldAction
from experiments.world.almanac import TIME_ZONE
from experiments.world.draws import Flags, Floats, Indices
from experiments.world.population import SEGMENTS, TIERS
from experiments.world.regions import NAMES
from experiments.world.scene import HOLDERS
from experiments.world.simulation import SimulatedWeeks, Simulation
from experiments.world.state import NONE
from kqml.history.event_log import EventLog


class Observation:
    """What a company knows at the cutoff of a week. Policies may use nothing else of the world.

    Rows are the accounts in the order of their ids. `eligible`: accounts × actions that the playbook allows.
    """

    def __init__(self, simulation: Simulation) -> None:
        _, self.eligible, _ = simulation.intentions()
        self._simulation = simulation
        self.number = simulation.number
        self.week = simulation.world.almanac.dates.name(simulation.number)
        self.cutoff = simulation.world.almanac.dates.cutoff(simulation.number)
        self.time_zone = TIME_ZONE
        self.actions = simulation.world.playbook.action_names
        self.playbook = simulation.world.playbook
        self.quiet_periods = simulation.world.almanac.quiet

    @cached_property
    def account_ids(self) -> NDArray[np.object_]:
        return np.asarray(arrow.account_ids(self._simulation.accounts).to_numpy(zero_copy_only=False), dtype=object)

    @cached_property
    def rep_ids(self) -> NDArray[np.object_]:
        return np.asarray(arrow.rep_ids(rep_codes(self._simulation)).to_numpy(zero_copy_only=False), dtype=object)

    @property
    def rep(self) -> Indices:
        """The seat of each account; accounts with one number share a rep's hours."""
        return self._simulation.traits.seat

    @property
    def vacant(self) -> Flags:
        """Accounts without a rep in this week."""
        return self._simulation.week.vacant

    @property
    def on_books(self) -> Flags:
        return self._simulation.books

    @property
    def tier(self) -> NDArray[np.str_]:
        return np.asarray(np.array(TIERS)[self._simulation.state.tier])

    @property
    def segment(self) -> NDArray[np.str_]:
        return np.asarray(np.array(SEGMENTS)[self._simulation.traits.segment])

    @property
    def region(self) -> NDArray[np.str_]:
        return np.asarray(np.array(NAMES)[self._simulation.traits.region])

    @property
    def complains(self) -> Flags:
        """Accounts with an open complaint."""
        return np.asarray(self._simulation.state.complaint != NONE, dtype=bool)

    @property
    def minutes_away(self) -> Floats:
        return self._simulation.traits.far

    @property
    def margin_rate(self) -> Floats:
        return self._simulation.traits.margin_rate

    def event_log(self) -> EventLog:
        """Return all events known before the cutoff, as the feature engine reads them."""
        if self._simulation.known is None:
            raise ValueError("this simulation keeps no journal; give it one to observe events")
        return self._simulation.known.log(self.account_ids, self.cutoff)

    def uniform(self, purpose: str, index: int = 0) -> Floats:
        """Return the policy's random numbers; policies share them by purpose and week."""
        return self._simulation.draws.uniform("policy " + purpose, self.number, index)


@dataclass(frozen=True)
class WorldDecisions:
    """A week's decisions, one number for each account.

    `ruled`: accounts that the policy decides; the reps decide the others. `assigned`: action. `probability`: its
    propensity, NaN where unknown. `priority`: order of booking when a rep's hours are short; None leaves it to the
    reps.
    """

    ruled: Flags
    assigned: ActionCodes
    probability: Floats
    explored: Flags
    must: Flags
    holdout: Flags
    priority: Floats | None = None

    @classmethod
    def everywhere(cls, assigned: ActionCodes, priority: Floats | None = None) -> "WorldDecisions":
        """Return decisions for every account, without randomisation."""
        no = np.zeros(len(assigned), dtype=bool)
        return cls(~no, assigned, np.ones(len(assigned)), no, no, no, priority)

    @classmethod
    def nowhere(cls, count: int) -> "WorldDecisions":
        """Return no decisions; the reps follow their own policy."""
        no = np.zeros(count, dtype=bool)
        return cls(no, np.zeros(count, dtype=np.int8), np.full(count, np.nan), no, no, no)


class Policy(Protocol):
    """Decides each account's action in a week from what the company knows."""

    @property
    def name(self) -> str: ...

    def decide(self, observation: Observation) -> WorldDecisions: ...


@dataclass(frozen=True)
class Reps:
    """The reps' own policy."""

    name: str = "behaviour"

    def decide(self, observation: Observation) -> WorldDecisions:
        return WorldDecisions.nowhere(len(observation.eligible))


@dataclass(frozen=True)
class Pilot:
    """With a known probability an account gets an action drawn uniformly from its eligible ones, else the reps' own.

    The propensity is conditional on exploration: 1 / number of eligible actions. Without exploration it is unknown.
    """

    share: float
    name: str = "pilot"

    def decide(self, observation: Observation) -> WorldDecisions:
        return draw_uniformly(observation, (observation.uniform("coin") < self.share) & observation.on_books, "explore")


def draw_uniformly(observation: Observation, mask: Flags, purpose: str) -> WorldDecisions:
    """Return decisions that draw one of the eligible actions for each account of `mask`."""
    count = observation.eligible.sum(axis=1)
    rank = np.floor(observation.uniform(purpose) * count).astype(np.int64)
    assigned = (np.cumsum(observation.eligible, axis=1) <= rank[:, None]).sum(axis=1).astype(np.int8)
    no = np.zeros(len(mask), dtype=bool)
    return WorldDecisions(
        ruled=mask,
        assigned=np.where(mask, assigned, WorldAction.WAIT).astype(np.int8),
        probability=np.where(mask, 1.0 / count, np.nan),
        explored=mask,
        must=no,
        holdout=no,
        priority=np.where(mask, 100.0, 0.0) if mask.any() else None,
    )


@dataclass(frozen=True)
class WeekOutcome:
    """The result of a run: margin per account, margin per week (less expected returns), remaining customers."""

    policy: str
    margin: Floats
    weekly_margin: Floats
    customer: Flags


Notice = Callable[[Observation, WorldDecisions, SimulatedWeeks], None]


def run(
    simulation: Simulation, policy: Policy, weeks: int, notice: Notice = lambda observation, decisions, rollout: None
) -> WeekOutcome:
    """Advance the simulation by `weeks` weeks under a policy; `notice` is called each week (a decision log, a progress
    bar)."""
    margin: Floats = np.zeros(len(simulation.accounts))
    weekly: list[float] = []
    for _ in range(weeks):
        observation = Observation(simulation)
        decisions = policy.decide(observation)
        rollout = simulation.live(_planner(simulation, decisions))
        earned = rollout.net * simulation.traits.margin_rate
        margin = margin + earned
        weekly.append(float(earned.sum()))
        notice(observation, decisions, rollout)
    return WeekOutcome(policy.name, margin, np.array(weekly), simulation.books & ~simulation.state.gone)


def _planner(simulation: Simulation, decisions: WorldDecisions) -> Callable[[ActionCodes], WeekIntent]:
    own_priority = simulation.priority()
    priority = own_priority if decisions.priority is None else decisions.priority + own_priority / 1000.0

    def plan(own: ActionCodes) -> WeekIntent:
        assigned = np.where(decisions.ruled, decisions.assigned, own).astype(np.int8)
        return WeekIntent(own, assigned, decisions.ruled, priority)

    return plan


def rep_codes(simulation: Simulation) -> Indices:
    """Return the code of the rep who holds each account's seat in the coming week."""
    seat = simulation.traits.seat - simulation.traits.seat[0]
    position = simulation.world.almanac.at(simulation.number)
    return np.asarray(simulation.traits.seat * HOLDERS + simulation.seats.holder[seat, position], dtype=np.int64)
