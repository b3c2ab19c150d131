"""Policies in the world: hours hold, chances are logged, naive comparisons mislead, dice do not."""

import json

import numpy as np
import pytest

from experiments.world.acting import WeekIntent, act, within_hours
from experiments.world.actions import NAMES, WorldAction
from experiments.world.control import Observation, Pilot, Reps, WorldDecisions, run
from experiments.world.decisions import WorldDecisionLog
from experiments.world.journal import Journal
from experiments.world.population import SizeShape
from experiments.world.simulation import Simulation
from experiments.world.truth import assigned_truth, truth
from experiments.world.world import build_world
from experiments.world.writing import write_world
from kqml.playbook import read_playbook

SHAPE = SizeShape(accounts=200, reps=4, weeks=40)


class Everybody:
    """Wants two visits for everyone, every week."""

    name = "everybody"

    def decide(self, seen):
        return WorldDecisions.everywhere(np.where(seen.eligible[:, WorldAction.TWO_VISITS], 5, 3).astype(np.int8))


@pytest.fixture
def simulation() -> Simulation:
    return Simulation(build_world(SHAPE, 2), range(SHAPE.reps), journal=Journal())


def minutes(packages: np.ndarray, seat: np.ndarray) -> np.ndarray:
    each = np.array([package.minutes for package in read_playbook().actions])
    return np.bincount(seat, weights=each[packages])


def test_no_rep_works_more_than_the_week_has(simulation):
    worked = []
    run(simulation, Everybody(), 4, lambda seen, decided, lived: worked.append(lived.acts.meant))
    assert max(minutes(meant, simulation.traits.seat).max() for meant in worked) <= 2400
    assert min(minutes(meant, simulation.traits.seat).max() for meant in worked) > 1500


def test_hours_go_to_the_highest_priority_first():
    wanted = np.full(60, WorldAction.VISIT, dtype=np.int8)
    priority = np.arange(60, dtype=float)
    kept = within_hours(wanted, priority, np.zeros(60, dtype=np.int64), read_playbook())
    assert kept.sum() == 43
    assert kept[-43:].all()


def test_waiting_needs_no_hours():
    wanted = np.array([WorldAction.VISIT] * 50 + [WorldAction.WAIT] * 10, dtype=np.int8)
    kept = within_hours(wanted, -np.arange(60.0), np.zeros(60, dtype=np.int64), read_playbook())
    assert kept[50:].all()


def test_every_policy_meets_the_same_luck(simulation):
    other = Simulation(build_world(SHAPE, 2), range(SHAPE.reps), journal=Journal())
    run(simulation, Reps(), 3)
    run(other, Everybody(), 3)
    assert np.array_equal(simulation.draws.uniform("quits", 3), other.draws.uniform("quits", 3))
    assert not np.array_equal(simulation.state.closeness, other.state.closeness)


def test_a_policy_sees_only_what_was_known_before_the_cutoff(simulation):
    seen_logs = []

    class Watcher(Reps):
        def decide(self, seen):
            seen_logs.append((seen.cutoff, seen.event_log()))
            return super().decide(seen)

    run(simulation, Watcher(), 6)
    for cutoff, log in seen_logs[1:]:
        assert len(log) > 0
        assert (log.known_at < cutoff).all()


def test_a_policy_sees_the_log_that_the_dataset_holds(tmp_path):
    world = build_world(SHAPE, 2)
    dataset, _ = write_world(world, tmp_path / "world")
    simulation = Simulation(world, range(SHAPE.reps), journal=Journal())
    for _ in range(SHAPE.weeks):
        simulation.live()
    seen, stored = Observation(simulation).event_log(), dataset.event_log()
    assert seen.accounts.tolist() == stored.accounts.tolist()
    for name in ("offsets", "occurred_at", "known_at", "kind"):
        assert np.array_equal(getattr(seen, name), getattr(stored, name)), name
    for name, column in stored.values.items():
        assert np.array_equal(seen.values[name], column, equal_nan=True), name
    for name, codes in stored.codes.items():
        assert np.array_equal(seen.codes[name] < 0, codes < 0), name


def test_faked_visits_are_recorded_and_do_nothing(simulation):
    week = simulation.week
    own = np.full(SHAPE.accounts, WorldAction.VISIT, dtype=np.int8)
    plan = WeekIntent(own, own, np.zeros(SHAPE.accounts, dtype=bool), np.ones(SHAPE.accounts))
    acts = act(plan, read_playbook(), simulation.traits.seat, week, simulation.draws)
    assert acts.faked.any()
    assert (acts.done[acts.faked] == WorldAction.WAIT).all()
    assert (acts.recorded[acts.faked] == WorldAction.VISIT).all()


def logged(share: float, weeks: int) -> WorldDecisionLog:
    simulation = Simulation(build_world(SHAPE, 3), range(SHAPE.reps), journal=Journal())
    log = WorldDecisionLog("pilot", simulation)
    run(simulation, Pilot(share), weeks, log.notice)
    return log


def test_the_pilot_draws_evenly_from_the_eligible_and_logs_the_chance():
    log = logged(0.5, 20)
    rows = [row for table in log.decisions for row in table.to_pylist()]
    coins = [row for row in rows if row["explored"]]
    assert 0.45 < len(coins) / len(rows) < 0.55
    for row in coins:
        eligible = json.loads(row["eligible"])
        assert row["assigned"] in eligible
        assert row["probability"] == pytest.approx(1 / len(eligible))
        assert sorted([*eligible, *json.loads(row["blocked"])]) == sorted(NAMES)
    six = [row["assigned"] for row in coins if len(json.loads(row["eligible"])) == 6]
    shares = np.array([six.count(name) for name in NAMES]) / len(six)
    assert np.abs(shares - 1 / 6).max() < 4 * np.sqrt(5 / 36 / len(six))
    assert all(row["probability"] is None and not row["evaluable"] for row in rows if not row["explored"])


def test_a_decision_lives_from_recommended_to_done_or_failed():
    log = logged(1.0, 3)
    ids = {value for table in log.decisions for value in table["decision_id"].to_pylist()}
    lives: dict[str, list[str]] = {one: [] for one in ids}
    for table in log.states:
        for row in table.to_pylist():
            lives[row["decision_id"]].append(row["state"])
    assert {tuple(sorted(life)) for life in lives.values()} <= {
        ("accepted", "done", "recommended"),
        ("accepted", "failed", "recommended"),
        ("done", "recommended", "rejected"),
        ("failed", "recommended", "rejected"),
    }


@pytest.fixture(scope="module")
def large() -> Simulation:
    simulation = Simulation(build_world(SizeShape(6000, 120, 60), 4), range(120), journal=Journal())
    for _ in range(30):
        simulation.live()
    return simulation


def go_on(simulation: Simulation, policy) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """One week under a policy, twelve under the reps: who was a customer, the first week's packages, outcomes."""
    fork = simulation.forked(0)
    customer = fork.books & ~fork.state.gone
    margin, first = np.zeros(len(customer)), None
    for week in range(13):

        def notice(seen, decided, lived):
            nonlocal first, margin
            margin = margin + lived.net * fork.traits.margin_rate
            if first is None:
                first = np.where(decided.ruled, decided.assigned, lived.acts.recorded)

        run(fork, policy if week == 0 else Reps(), 1, notice)
    return customer, first, margin, fork.books & ~fork.state.gone


def test_the_naive_difference_between_visited_and_unvisited_is_many_times_too_large(large):
    """Reps visit big accounts: the naive contrast of margins is far above the truth, more than twenty times here."""
    customer, package, margin, _ = go_on(large, Reps())
    visited, left_alone = customer & (package >= WorldAction.VISIT), customer & (package == WorldAction.WAIT)
    naive = margin[visited].mean() - margin[left_alone].mean()
    error = np.sqrt(margin[visited].var() / visited.sum() + margin[left_alone].var() / left_alone.sum())
    who = np.flatnonzero(visited)[::5]
    true = truth(large, who, paths=8).effect["margin"][:, WorldAction.VISIT].mean()
    assert true > 0
    assert naive - 3 * error > 20 * true


def test_dice_recover_the_truth(large):
    """Everybody gets an eligible package by even chances: the plain contrast, in usual sales, covers the truth."""
    customer, package, margin, _ = go_on(large, Pilot(1.0))
    scale = np.exp(large.traits.norm) * large.traits.margin_rate * 13
    eligible = customer & ~large.week.vacant & large.traits.consent
    outcome = margin / scale
    who = np.flatnonzero(eligible)[::8]
    asked = assigned_truth(large, who, paths=8).effect["margin"] / scale[who, None]
    for chosen in (WorldAction.VISIT, WorldAction.HELP_OFFER):
        ours, others = eligible & (package == chosen), eligible & (package == WorldAction.WAIT)
        found = outcome[ours].mean() - outcome[others].mean()
        error = np.sqrt(outcome[ours].var() / ours.sum() + outcome[others].var() / others.sum())
        assert abs(found - asked[:, chosen].mean()) < 3 * error
        assert error < 0.05
