"""A log of the simulated world as a learner sees it, with the true effect of every row."""

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from experiments.world.acting import FAILS
from experiments.world.actions import IN_PERSON
from experiments.world.control import Observation, Pilot, Policy, Reps, WorldDecisions, run
from experiments.world.logs import KINDS, logged
from experiments.world.simulation import Simulation, all_seats
from experiments.world.truth import HORIZON, assigned_truth, truth
from experiments.world.world import World
from experiments.world.writing import LogPlan, write_world
from features.catalog import catalog
from models.uplift.decision_data import DecisionData
from models.uplift.decision_features import decision_features
from models.uplift.decision_log import read_decision_log
from models.uplift.decision_rows import build_decision_data
from models.uplift.sample import DecisionSample, Flags, Floats

WARM_UP = 104
"""Weeks of the reps' own way before the log."""

PATHS = 8
COLUMNS = (
    "order_since_last",
    "order_since_last__over__order_gap_mean_last26",
    "order_count_30d",
    "order_count_90d",
    "order_count_365d",
    "order_amount_sum_30d",
    "order_amount_sum_90d",
    "order_amount_sum_365d",
    "order_amount_mean_365d",
    "order_amount_cv_365d",
    "order_gap_mean_last26",
    "order_gap_std_last26__over__order_gap_mean_last26",
    "order_count_30d__rate_over__order_count_180d",
    "order_count_90d__rate_over__order_count_365d",
    "order_amount_sum_90d__rate_over__order_amount_sum_365d",
    "order_count_90d_lag275d",
    "contact_count_28d",
    "contact_count_90d",
    "contact_count_365d",
    "contact_since_last",
    "visit_count_28d",
    "visit_count_90d",
    "visit_count_365d",
    "visit_since_last",
    "call_count_90d",
    "message_count_90d",
    "inbound_count_90d",
    "contact_rep_id_distinct_365d",
    "contact_sentiment_mean_180d",
    "visit_authenticity_mean_180d",
    "help_given_count_90d",
    "help_asked_count_90d",
    "problem_raised_count_90d",
    "problem_raised_since_last",
    "complaint_count_90d",
    "complaint_since_last",
    "complaint_resolved_since_last",
    "promise_made_count_90d",
    "promise_kept_count_90d",
    "delivery_late_count_90d",
    "short_supply_count_90d",
    "competitor_seen_since_last",
    "slow_moving_since_last",
    "payment_received_amount_sum_90d__over__payment_due_amount_sum_90d",
    "price_change_since_last",
    "calendar_year_sin",
    "calendar_year_cos",
)
"""The features that every learner of a study gets, those of them that the catalog has."""


@dataclass(frozen=True)
class StagedLog:
    """Applies a policy in the weeks before `until`, then the reps' own policy while outcomes mature."""

    policy: Policy
    until: int

    @property
    def name(self) -> str:
        return self.policy.name

    def decide(self, observation: Observation) -> WorldDecisions:
        return self.policy.decide(observation) if observation.number < self.until else Reps().decide(observation)


@dataclass(frozen=True)
class StudyLog:
    """`sample`: mature rows, outcome margin.

    `true` (n, A): effect of each action on expected margin, with its standard `error`. `situation`: tier and situation
    of the rows.
    """

    name: str
    world: str
    sample: DecisionSample
    columns: tuple[str, ...]
    true: Floats
    error: Floats
    situation: NDArray[np.str_]


def study_log(world: World, name: str, weeks: int, share: float, rows: int, paths: int = PATHS) -> StudyLog:
    """Simulate `weeks` weeks of the log `name` after WARM_UP weeks, then a horizon.

    The truth of each row comes from simulating the same weeks again with the same random draws, κ being the reps' own
    policy. `share` of the account-weeks is randomised in a randomised log; other logs are subsampled to at most `rows`
    rows.
    """
    world, plan = logged(world, name, share, weeks + HORIZON + 1)
    until = WARM_UP + weeks
    policy = StagedLog(plan.policy, until)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "world"
        dataset, _ = write_world(world, path, log=LogPlan(policy, weeks + HORIZON + 1, 1))
        decisions = read_decision_log(path)
        retained = decisions.decisions["week"].isin([world.almanac.dates.name(week) for week in range(WARM_UP, until)])
        decisions = type(decisions)(decisions.decisions[retained], decisions.states)
        data = build_decision_data(dataset, decisions, world.playbook).learnable()
        data = data.where(_chosen(data, KINDS[name].randomised, rows))
        chosen = [feature for feature in catalog() if feature.column in COLUMNS]
        values, columns = decision_features(dataset, data, chosen)
    true, error = _truth(world, policy, data, paths)
    labels = situations(data.profile, values, columns)
    return StudyLog(name, world.hash, data.sample(values), columns, true, error, labels)


def _chosen(data: DecisionData, randomised: bool, rows: int) -> Flags:
    if randomised:
        return data.randomised
    return np.random.default_rng(0).random(len(data)) < rows / len(data)


def situations(profile: pd.DataFrame, values: Floats, columns: tuple[str, ...]) -> NDArray[np.str_]:
    """Return the tier and the first that holds: complaint or problem of the last month, overdue against the own cycle,
    not contacted for four weeks, steady."""
    column = {name: values[:, index] for index, name in enumerate(columns)}
    trouble = (column["complaint_since_last"] < 28) | (column["problem_raised_since_last"] < 28)
    overdue = column["order_since_last__over__order_gap_mean_last26"] > 1.5
    neglected = ~(column["contact_count_28d"] > 0)
    matter = np.select([trouble, overdue, neglected], ["trouble", "overdue", "neglected"], default="steady")
    return np.char.add(np.char.add(profile["tier"].fillna("?").to_numpy(dtype=np.str_), " "), matter)


def _truth(world: World, policy: StagedLog, data: DecisionData, paths: int) -> tuple[Floats, Floats]:
    true = np.full((len(data), len(data.actions)), np.nan)
    error = np.full(true.shape, np.nan)
    for simulation, number in _mondays(world, policy):
        indices = np.flatnonzero(data.week == world.almanac.dates.name(number))
        who = np.array([int(name[1:]) for name in data.account_ids[data.rows.account[indices]]], dtype=np.int64)
        if not len(indices):
            continue
        result = (assigned_truth if KINDS_DRAW[policy.name] else truth)(simulation, who, paths=paths)
        real = 1.0 if KINDS_DRAW[policy.name] else _real(simulation, who)
        true[indices], error[indices] = result.effect["margin"] * real, result.effect_error["margin"] * real
    return true, error


KINDS_DRAW = {Pilot.__name__.lower(): True, Reps().name: False}
"""Policy → whether the truth is of the action asked for (drawn) or of the action recorded."""


def _real(simulation: Simulation, who: NDArray[np.int64]) -> Floats:
    """Return (n, A): the probability that a recorded action was done; some reps fake visits, which is not recorded."""
    faking = simulation.week.take(who).faking[:, None]
    faked = faking / (faking + (1.0 - faking) * (1.0 - FAILS))
    return np.where(IN_PERSON[None, :], 1.0 - faked, 1.0)


def _mondays(world: World, policy: StagedLog) -> Iterator[tuple[Simulation, int]]:
    """Yield the simulation at each cutoff of the log, block by block; accounts are numbered within the block."""
    simulation = Simulation(world, all_seats(world))
    for number in range(policy.until):
        if number >= WARM_UP:
            yield simulation, number
        run(simulation, policy if number >= WARM_UP else Reps(), 1)
