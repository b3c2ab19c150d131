"""Pilot weeks of a world, simulated repeatedly with different random draws and futures and the same truth."""

from collections.abc import Callable, Sequence
from copy import copy
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from experiments.world.actions import WorldAction
from experiments.world.control import Observation, Policy, Reps, WorldDecisions, run
from experiments.world.simulation import SimulatedWeeks, Simulation, all_seats
from experiments.world.truth import HORIZON, assigned_truth
from experiments.world.world import World
from models.evaluation.off_policy.randomised_rows import Codes, Flags, Floats, RandomisedRows

FIRST_PATH = 1_000
"""Paths of the truth lie below; odd ones are mirrors of even ones."""

WINDOWS = (4, 13, 26, 52)


@dataclass(frozen=True)
class LoggedPolicy:
    """Decisions that a log holds. `replaced`: each account's chance that a required visit replaces the action later in
    the week; None where nothing does."""

    policy: Policy
    replaced: Callable[[Observation], Floats] | None = None


@dataclass(frozen=True)
class DecisionPoint:
    """A world at a cutoff; rows are the accounts on the books with at least two eligible actions.

    `pilot`: what is carried out in the week; `logged`: the randomised decisions that its log holds. `values`: features
    known to the company. `past`: margin over an earlier period as long as the horizon. `truth`:
    expected outcome of assigning each action. `effect`: truth less that of waiting, with its standard error.
    """

    simulation: Simulation
    pilot: Policy
    logged: Policy
    who: Codes
    actions: tuple[str, ...]
    tier: NDArray[np.object_]
    values: Floats
    past: Floats
    eligible: Flags
    truth: Floats
    effect: Floats
    effect_error: Floats

    def draw(self, number: int) -> RandomisedRows:
        """Return the log of one pilot week: randomised decisions and their margin over the horizon, after which reps
        follow their own policy."""
        fork = self.simulation.forked(FIRST_PATH + 2 * number)
        retained: list[WorldDecisions] = []

        def notice(observation: Observation, decisions: WorldDecisions, weeks: SimulatedWeeks) -> None:
            retained.append(self.logged.decide(observation))

        margin = run(fork, self.pilot, 1, notice).margin
        for _ in range(HORIZON - 1):
            margin = margin + fork.live().net * fork.traits.margin_rate
        randomised = retained[0].explored[self.who]
        rows = self.who[randomised]
        return RandomisedRows(
            actions=self.actions,
            action=retained[0].assigned[rows].astype(np.int64),
            probability=retained[0].probability[rows],
            outcome=margin[rows],
            eligible=self.eligible[randomised],
            account=rows,
            rep=fork.traits.seat[rows].astype(np.int64),
        )

    def rows_of(self, rows: RandomisedRows) -> Codes:
        """Return the indices of a log's rows among the rows of this point."""
        return np.searchsorted(self.who, rows.account)


def arrive(
    world: World,
    weeks: Sequence[int],
    pilot: Policy,
    paths: int,
    *,
    truth_before: bool = True,
    logged: Sequence[LoggedPolicy] = (),
) -> list[DecisionPoint]:
    """Simulate the reps' own policy up to each of `weeks`, in order, and compute the truth of every action there.

    `pilot`: what is carried out in each of them. `truth_before`: also in the weeks before the last; else it is NaN
    there. `logged`: the decisions that are logged of a week, each a decision point of its own; default the pilot's.
    """
    simulation = Simulation(world, all_seats(world))
    past: list[SimulatedWeeks] = []
    results = []
    for week in weeks:
        ahead = week - simulation.number
        run(simulation, Reps(), ahead, lambda observation, decisions, weeks: past.append(weeks))
        known = truth_before or week == weeks[-1]
        policies = logged or [LoggedPolicy(pilot)]
        results += [_decision_point(copy(simulation), past, (pilot, each), paths if known else 0) for each in policies]
    return results


def _decision_point(
    simulation: Simulation, past: list[SimulatedWeeks], policies: tuple[Policy, LoggedPolicy], paths: int
) -> DecisionPoint:
    observation, (pilot, logged) = Observation(simulation), policies
    who = np.flatnonzero(observation.on_books & (observation.eligible.sum(axis=1) > 1))
    if paths:
        replaced = None if logged.replaced is None else logged.replaced(observation)[who]
        result = assigned_truth(simulation, who, paths=paths, replaced=replaced)
        truth = [result.value["margin"], result.effect["margin"], result.effect_error["margin"]]
    else:
        truth = [np.full(observation.eligible[who].shape, np.nan)] * 3
    return DecisionPoint(
        simulation=simulation,
        pilot=pilot,
        logged=logged.policy,
        who=who,
        actions=observation.actions,
        tier=observation.tier[who].astype(object),
        values=_known(observation, past)[who],
        past=_margins(observation, past)[who],
        eligible=observation.eligible[who],
        truth=truth[0],
        effect=truth[1],
        effect_error=truth[2],
    )


def _amounts(observation: Observation, past: list[SimulatedWeeks]) -> Floats:
    """Return weeks × accounts: margin of the orders."""
    return np.asarray(np.array([rollout.amount for rollout in past]) * observation.margin_rate, dtype=np.float64)


def _margins(observation: Observation, past: list[SimulatedWeeks]) -> Floats:
    """Return each account's margin over as many weeks as the horizon, at the mean rate of its last year."""
    return np.asarray(_amounts(observation, past)[-52:].mean(axis=0) * HORIZON, dtype=np.float64)


def _known(observation: Observation, past: list[SimulatedWeeks]) -> Floats:
    """Return the features: recent sales, silence and contacts; tier, segment, region, distance."""
    amounts = _amounts(observation, past)
    met = np.array([rollout.acts.recorded >= WorldAction.VISIT for rollout in past])
    weeks = np.arange(len(past))[:, None]
    last = np.where(amounts > 0, weeks, -1).max(axis=0)
    columns = [amounts[-window:].sum(axis=0) for window in WINDOWS]
    columns += [met[-window:].sum(axis=0).astype(np.float64) for window in WINDOWS[:2]]
    columns += [(amounts[-26:] > 0).mean(axis=0), (len(past) - last).astype(np.float64)]
    for words in (observation.tier, observation.segment, observation.region):
        columns.append(np.unique(words, return_inverse=True)[1].astype(np.float64))
    return np.column_stack([*columns, observation.minutes_away])
