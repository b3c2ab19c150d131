"""Pilot weeks of a world, simulated repeatedly with different random draws and futures and the same truth."""

from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from experiments.world.actions import WorldAction
from experiments.world.control import Observation, Pilot, Reps, WorldDecisions, run
from experiments.world.simulation import SimulatedWeeks, Simulation, all_seats
from experiments.world.truth import HORIZON, assigned_truth
from experiments.world.world import World
from models.evaluation.off_policy.randomised_rows import Codes, Flags, Floats, RandomisedRows

FIRST_PATH = 1_000
"""Paths of the truth lie below; odd ones are mirrors of even ones."""

WINDOWS = (4, 13, 26, 52)


@dataclass(frozen=True)
class DecisionPoint:
    """A world at a cutoff; rows are the accounts on the books with at least two eligible actions.

    `values`: features known to the company. `past`: margin over an earlier period as long as the horizon. `truth`:
    expected outcome of assigning each action. `effect`: truth less that of waiting, with its standard error.
    """

    simulation: Simulation
    share: float
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
            retained.append(decisions)

        margin = run(fork, Pilot(self.share), 1, notice).margin
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
    world: World, weeks: Sequence[int], share: float, paths: int, *, truth_before: bool = True
) -> list[DecisionPoint]:
    """Simulate the reps' own policy up to each of `weeks`, in order, and compute the truth of every action there.

    `truth_before`: also in the weeks before the last; else it is NaN there.
    """
    simulation = Simulation(world, all_seats(world))
    past: list[SimulatedWeeks] = []
    results = []
    for week in weeks:
        ahead = week - simulation.number
        run(simulation, Reps(), ahead, lambda observation, decisions, weeks: past.append(weeks))
        known = truth_before or week == weeks[-1]
        results.append(_decision_point(copy(simulation), past, share, paths if known else 0))
    return results


def _decision_point(simulation: Simulation, past: list[SimulatedWeeks], share: float, paths: int) -> DecisionPoint:
    observation = Observation(simulation)
    who = np.flatnonzero(observation.on_books & (observation.eligible.sum(axis=1) > 1))
    if paths:
        result = assigned_truth(simulation, who, paths=paths)
        truth = [result.value["margin"], result.effect["margin"], result.effect_error["margin"]]
    else:
        truth = [np.full(observation.eligible[who].shape, np.nan)] * 3
    return DecisionPoint(
        simulation=simulation,
        share=share,
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
