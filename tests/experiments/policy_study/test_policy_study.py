"""The study of policies: same luck for all, only what had ripened is learned, shares with their intervals."""

import numpy as np
import pytest

from experiments.bench.policy import _against
from experiments.policy_study import scores
from experiments.policy_study.allocated import Allocated
from experiments.policy_study.history import History
from experiments.policy_study.lived import Learned, Times, _matured, _net_of, _pilot
from experiments.world.control import Reps, run
from experiments.world.simulation import Simulation, all_seats
from experiments.world.truth import HORIZON
from experiments.world.world import Shape, build_world
from kqml.errors import Refused

TIMES = Times(behaviour=4, pilot=15, policy=2, share=0.5, futures=1, paths=4, look_every=15)


@pytest.fixture(scope="module")
def place():
    simulation = Simulation(build_world(Shape(100, 2, 60), 0), all_seats(build_world(Shape(100, 2, 60), 0)))
    history = History()
    run(simulation, Reps(), TIMES.behaviour, history.notice)
    return simulation, history, _pilot(simulation, history, TIMES)


def test_only_weeks_whose_horizon_had_passed_are_learned_from(place):
    simulation, _, learned = place
    sample = _matured(learned, simulation)
    ripe = sum(int(decisions.coin.sum()) for decisions, _, _ in learned.weeks[: TIMES.pilot - HORIZON + 1])
    assert len(sample) == ripe
    assert np.isfinite(sample.probability).all()
    assert sample.eligible[np.arange(len(sample)), sample.action].all()
    with pytest.raises(Refused, match="shorter than a horizon"):
        _matured(Learned(History(), learned.weeks[:5], learned.margin[:5]), simulation)


def test_every_policy_meets_the_same_luck_and_pays_for_what_it_does(place):
    simulation, history, _ = place
    one, again, other = (
        _net_of(simulation.forked(1_000), (name, score), history.copy(), TIMES)
        for name, score in (("a", scores.idle), ("b", scores.idle), ("c", scores.highest_value))
    )
    assert (one == again).all()
    assert one.sum() != other.sum()
    own = Allocated("c", scores.highest_value, history.copy())
    margin = run(simulation.forked(1_000), own, 1).margin
    assert np.sum(own.spent) > 0
    assert len(margin) == 100


def test_a_share_of_the_oracle_is_a_ratio_with_an_interval():
    oracle = [np.array([10.0, 12.0, 8.0, 11.0])]
    half = _against([one / 2 for one in oracle], oracle)
    assert half["share_of_oracle"] == pytest.approx(0.5)
    assert half["low"] == pytest.approx(0.5)
    noisy = _against([np.array([10.0, -12.0, 8.0, 11.0])], oracle)
    assert noisy["low"] < noisy["share_of_oracle"] < noisy["high"]
