"""The figures by which learners of effects are judged."""

import numpy as np
import pytest

from experiments.studies.uplift.accuracy import ceiling_of, measure_learner
from experiments.studies.uplift.learners import GroupInterval, LearnerResult, naive_learner, t_learner
from models.uplift.sample import decision_sample


def test_figures_are_those_of_a_case_written_down():
    true = np.array([[0.0, 1.0], [0.0, 2.0], [0.0, 3.0], [0.0, -4.0], [0.0, 0.1]])
    error = np.full((5, 2), 0.2)
    predicted = np.array([[0, 1.0], [0, 2.0], [0, 5.0], [0, 1.0], [0, -1.0]])
    mask = np.array([True, True, True, False, False])
    groups = [GroupInterval("a", 1, mask, 2.5, 1.5, 3.5), GroupInterval("b", 1, ~mask, 5.0, 4.0, 6.0)]
    found = measure_learner(LearnerResult(predicted, groups), true, error, np.ones((5, 2), dtype=bool))
    assert found["sign_error"] == pytest.approx(1 / 4)
    assert found["group_coverage"] == 0.5
    assert found["half_width"] == 1.0
    assert found["claimed"] == 1.0
    assert found["bias"] == pytest.approx(((2.5 - 2.0) + (5.0 + 1.95)) / 2)


def test_simple_learners_find_a_simple_effect():
    random = np.random.default_rng(0)
    X = random.normal(size=(3000, 2))
    action = random.choice(["wait", "visit"], 3000)
    outcome = X[:, 0] + 2.0 * (action == "visit") + random.normal(size=3000)
    labels = np.where(X[:, 1] > 0, "up", "down")
    for learner in (naive_learner, t_learner):
        found = learner(decision_sample(X, action, outcome), labels)
        assert found.predicted[:, 1].mean() == pytest.approx(2.0, abs=0.2)
        assert {one.group for one in found.groups} == {"up", "down"}


def test_the_ceiling_is_what_features_tell_of_the_truth():
    random = np.random.default_rng(0)
    X = random.normal(size=(3000, 2))
    action = random.choice(["wait", "visit"], 3000)
    sample = decision_sample(X, action, np.exp(X[:, 0] + random.normal(size=3000)))
    told, hidden = X[:, 1] + X[:, 0], random.normal(size=3000)
    for truth, least, most in ((told, 0.8, 1.0), (hidden, -0.2, 0.2)):
        true = np.column_stack([np.zeros(3000), truth])
        assert least < ceiling_of(sample, true, np.full(true.shape, 0.1))["corr"] < most
