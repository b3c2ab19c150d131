"""The bench of off-policy evaluation at a tiny size; the allocation's too."""

import argparse

import numpy as np

from experiments.bench import allocation, ope
from experiments.offpolicy_study.coverage import BEST, judge, targets_at
from experiments.offpolicy_study.pilot_weeks import arrive
from experiments.world.world import Shape, build_world


def test_logs_of_one_week_differ_by_coins_and_futures_alone():
    place = arrive(build_world(Shape(200, 4, 40), 0), 20, 0.5, 4)
    one, again, other = place.draw(0), place.draw(0), place.draw(1)
    assert (one.outcome == again.outcome).all()
    assert (one.account == again.account).all()
    assert one.account.tolist() != other.account.tolist()
    count = place.eligible[place.rows_of(one)].sum(axis=1)
    assert one.probability.tolist() == (1 / count).tolist()
    assert place.eligible[place.rows_of(one), one.action].all()


def test_the_allocated_oracle_beats_every_other_target_net_of_nothing_but_luck():
    world = build_world(Shape(300, 6, 40), 0)
    place = arrive(world, 20, 0.5, 8)
    targets = targets_at(place, world.playbook)
    assert all(np.allclose(chances.sum(axis=1), 1) for chances in targets.values())
    assert (targets[BEST] * place.truth).sum() > (targets["playbook"] * place.truth).sum()
    seen = next(judge(place, world.playbook, range(1)))
    assert {one.target for one in seen} == set(targets)


def test_the_benches_tell_what_they_are_asked_for(monkeypatch, tmp_path):
    monkeypatch.setenv("KQML_DATA_DIR", str(tmp_path / "none"))
    told = ope.run(_args(ope, "--accounts", "400", "--worlds", "1", "--runs", "2", "--week", "20", "--paths", "4"))
    assert {"coverage", "refused", "half_width", "refused_when_thin", "parameters"} <= set(told)
    assert told["refused_when_thin"] == 1.0
    assert told["open_bandit"] is None
    assert ope.render(told)
    found = allocation.run(_args(allocation, "--accounts", "500", "--reps", "10", "--epsilon", "0.05"))
    assert found["violations"] == 0
    assert found["gap"] <= 0.01
    assert allocation.render(found)


def _args(bench, *words):
    parser = argparse.ArgumentParser()
    bench.describe(parser)
    return parser.parse_args(words)
