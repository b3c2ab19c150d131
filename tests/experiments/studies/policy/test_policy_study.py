"""The study of policies: same luck for all, only mature rows are learned, shares with their intervals."""

from dataclasses import replace

import numpy as np
import pytest

from experiments.studies.policy import scores
from experiments.studies.policy.allocation_policy import AllocationPolicy
from experiments.studies.policy.history import RolloutHistory
from experiments.studies.policy.pilot import PilotEffects, run_pilot
from experiments.studies.policy.retraining import RetrainedPolicy
from experiments.studies.policy.rollout import OURS, SIMPLE, Stage, _begun, _net_of, run_stage
from experiments.studies.policy.runs import RolloutRun, run_worlds
from experiments.studies.policy.shares import curve, gains_of, share_of_oracle
from experiments.world.control import Reps, run
from experiments.world.simulation import Simulation, all_seats
from experiments.world.truth import HORIZON
from experiments.world.world import SizeShape, build_world
from kqml.errors import Refused

PILOT = 15
TINY = Stage(behaviour=4, pilot=PILOT, policy=2, share=0.5, parts=(0.5, 1.0), paths=4, look_every=15)


@pytest.fixture(scope="module")
def place():
    simulation = Simulation(build_world(SizeShape(100, 2, 60), 0), all_seats(build_world(SizeShape(100, 2, 60), 0)))
    history = RolloutHistory()
    run(simulation, Reps(), 4, history.notice)
    return simulation, history, run_pilot(simulation, history, PILOT, 0.5)


def test_only_weeks_whose_horizon_had_passed_are_learned_from(place):
    _, _, learned = place
    sample = learned.matured()
    assert len(sample) == sum(len(week.account) for week in learned.weeks[: PILOT - HORIZON + 1])
    assert np.isfinite(sample.probability).all()
    assert sample.eligible[np.arange(len(sample)), sample.action].all()
    with pytest.raises(Refused, match="shorter than a horizon"):
        PilotEffects(learned.actions, learned.weeks, learned.margin[: HORIZON - 1]).matured()


def test_the_outcome_is_the_margin_of_the_horizon_from_the_drawn_week_on(place):
    learned = place[2]
    account = learned.weeks[2].account
    assert learned.matured().outcome[-len(account) :].tolist() == pytest.approx(
        np.sum(learned.margin[2 : 2 + HORIZON], axis=0)[account].tolist()
    )


def test_a_policy_learns_again_from_what_has_ripened_since(place):
    simulation, history, learned = place
    seen = []

    def fit(sample):
        seen.append(len(sample))
        return scores.idle

    maturing = learned.followed()
    score = RetrainedPolicy(maturing, fit, 1)
    _net_of(simulation.forked(1_000), score, (maturing, history.copy()), 3)
    ripe = [sum(len(week.account) for week in learned.weeks[: PILOT - HORIZON + 1 + later]) for later in range(3)]
    assert seen == ripe
    assert len(learned.margin) == PILOT


def test_a_part_of_the_rows_is_the_same_part_whenever_it_is_taken(place):
    learned = place[2]
    half, all_rows = learned.matured(0.5), learned.matured()
    assert 0 < len(half) < len(all_rows)
    assert set(half.outcome.tolist()) <= set(all_rows.outcome.tolist())
    assert (learned.matured(0.5).outcome == half.outcome).all()


def test_every_policy_meets_the_same_luck_and_pays_for_what_it_does(place):
    simulation, history, learned = place
    one, again, other = (
        _net_of(simulation.forked(1_000), score, (learned.followed(), history.copy()), 2)
        for score in (scores.idle, scores.idle, scores.highest_value)
    )
    assert (one == again).all()
    assert one.sum() != other.sum()
    own = AllocationPolicy("c", scores.highest_value, history.copy())
    margin = run(simulation.forked(1_000), own, 1).margin
    assert np.sum(own.spent) > 0
    assert len(margin) == 100


def test_the_cadence_of_a_month_is_counted_and_begins_anew(place):
    simulation, history, _ = place
    own = AllocationPolicy("idle", scores.idle, history.copy())
    run(simulation.forked(1_000), own, 1)
    month, counted = own.booked.month, own.booked.counted.copy()
    run(simulation.forked(1_000), replace(own), 5)
    assert counted.sum() > 0
    assert own.booked.month != month
    assert (own.booked.counted <= 10).all()


def test_a_stage_lives_every_policy_and_is_kept(tmp_path):
    stage = replace(TINY, full_oracle=True, policy=1)
    wanted = RolloutRun("tiny", stage, 100, 0)
    told = []
    first = run_worlds([wanted], 1, tmp_path, told.append)[wanted]
    assert {*SIMPLE, "t_learner", "observable_oracle", "full_oracle", OURS} <= set(first.outcome.nets)
    assert first.outcome.rows["kqml_0.500"] < first.outcome.rows[OURS]
    again = run_worlds([wanted], 1, tmp_path, told.append)[wanted]
    assert told == [1, 2, 3]
    assert all((again.outcome.nets[name] == net).all() for name, net in first.outcome.nets.items())
    gains = gains_of([first.outcome], 50)
    assert list(curve([first.outcome], gains)) == sorted(map(str, first.outcome.rows.values()), key=int)


def test_another_run_has_another_file():
    one = RolloutRun("a", TINY, 100, 0)
    others = [replace(one, seed=1), replace(one, accounts=200), replace(one, scenarios=("stuffing",))]
    assert len({run.file("ours") for run in [one, *others, replace(one, stage=replace(TINY, policy=3))]}) == 5


def test_some_seats_live_what_they_live_among_all():
    world = build_world(SizeShape(300, 6, TINY.weeks), 0)
    whole, part = (_begun(world, range(seats), TINY.behaviour) for seats in (6, 2))
    everybody, few = (run_pilot(*begun, 3, 0.5) for begun in (whole, part))
    assert all((one[:100] == other).all() for one, other in zip(everybody.margin, few.margin, strict=True))
    assert all((one[:100] == other).all() for one, other in zip(everybody.beyond, few.beyond, strict=True))
    mine = everybody.weeks[2].account < 100
    assert (everybody.weeks[2].values[mine] == few.weeks[2].values).all()


def test_what_ripens_behind_the_pilot_is_the_policys_own_for_those_who_live_it(place):
    learned = place[2].followed()
    learned.add_week(np.full(50, 7.0))
    assert learned.margin[-1][:50].tolist() == [7.0] * 50
    assert (learned.margin[-1][50:] == learned.beyond[0][50:]).all()


def test_under_a_scenario_the_same_study_runs():
    world = build_world(SizeShape(100, 2, TINY.weeks), 0, scenarios=("stuffing",))
    assert np.isfinite(run_stage(world, TINY, "ours").nets[OURS]).all()


def test_a_share_of_the_oracle_is_a_ratio_with_an_interval():
    oracle = np.array([10.0, 12.0, 8.0, 11.0])
    half = share_of_oracle(oracle / 2, oracle)
    assert half["share_of_oracle"] == pytest.approx(0.5)
    assert half["low"] == pytest.approx(0.5)
    noisy = share_of_oracle(np.array([10.0, -12.0, 8.0, 11.0]), oracle)
    assert noisy["low"] < noisy["share_of_oracle"] < noisy["high"]
