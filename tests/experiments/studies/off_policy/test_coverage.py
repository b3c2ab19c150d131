"""The bench of off-policy evaluation at a tiny size; the allocation's too."""

import argparse

import numpy as np
import pytest

from experiments.bench import allocation, ope
from experiments.studies.off_policy import target_policies as judged_targets
from experiments.studies.off_policy.coverage import measure_coverage, refused_when_thin
from experiments.studies.off_policy.pilot_weeks import arrive
from experiments.studies.off_policy.rollout_log import RolloutLog
from experiments.studies.off_policy.target_policies import BEST, FEW, INDEPENDENT, OURS, targets_of
from experiments.world.control import Pilot
from experiments.world.world import SizeShape, build_world
from models.evaluation.off_policy.randomised_rows import disagreement


@pytest.fixture(scope="module")
def world():
    return build_world(SizeShape(700, 14, 40), 0)


@pytest.fixture(scope="module")
def log(world):
    return RolloutLog(arrive(world, (20, 22, 24), Pilot(0.5), 4))


def test_logs_differ_by_coins_and_futures_alone(log):
    (one, rows), (again, _), (other, _) = log.draw(0), log.draw(0), log.draw(1)
    assert (one.outcome == again.outcome).all()
    assert (one.account == again.account).all()
    assert one.account.tolist() != other.account.tolist()
    assert one.probability.tolist() == (1 / log.eligible[rows].sum(axis=1)).tolist()
    assert log.eligible[rows, one.action].all()
    assert (np.diff(rows) > 0).all()


def test_each_week_of_a_log_is_that_of_its_own_place(log):
    drawn, _ = log.draw(3)
    weeks = [point.draw(3) for point in log.decision_points]
    assert drawn.outcome.tolist() == [value for week in weeks for value in week.outcome]
    assert log.decision_points[1].simulation.number == log.decision_points[0].simulation.number + 2


def test_targets_are_chances_and_the_oracle_beats_the_playbook(log, world):
    targets = targets_of(log, world.playbook)
    assert {OURS, BEST, FEW, "playbook", "wait"} <= set(targets)
    assert all(np.allclose(chances.sum(axis=1), 1) for chances in targets.values())
    assert all((chances[~log.eligible] == 0).all() for chances in targets.values())
    assert (targets[BEST] * log.truth).sum() > (targets["playbook"] * log.truth).sum()
    assert 0 < (disagreement(targets[FEW], targets["playbook"]) > 0).mean() <= 0.11
    seen = next(measure_coverage(log, targets, range(1)))
    assert {one.target for one in seen} == set(targets) - {"playbook"}
    assert refused_when_thin(log, targets, range(1)) == 1.0


def test_ours_is_learned_from_a_log_that_it_is_not_judged_by(log, monkeypatch):
    asked = []
    monkeypatch.setattr(judged_targets, "EffectModel", lambda: _Spy(asked))
    judged_targets.learned_policy(log)
    assert asked[0].outcome.tolist() == log.draw(INDEPENDENT)[0].outcome.tolist()


class _Spy:
    def __init__(self, asked):
        self.asked = asked

    def fit_sample(self, sample):
        self.asked.append(sample)
        return self

    fitted = None


def test_the_benches_tell_what_they_are_asked_for(monkeypatch, tmp_path):
    monkeypatch.setenv("KQML_DATA_DIR", str(tmp_path / "none"))
    words = ["--accounts", "700", "--worlds", "1", "--runs", "2", "--week", "20", "--weeks", "3", "--paths", "4"]
    told = ope.run(_args(ope, *words))
    assert {"coverage", "refused", "half_width", "ours_minus_playbook", "refused_when_thin", "parameters"} <= set(told)
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
