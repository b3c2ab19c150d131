"""Differences that all actions share are found from all of them together."""

import numpy as np
import pytest

from models.uplift.learner import EffectModel

ACTIONS = ("wait", "call", "visit", "help")
SHARE = np.array([0.0, 0.02, 0.04, 0.1])


@pytest.fixture(scope="module")
def shop():
    """Amounts that contacts raise by a share that falls with x0; x1 says how much is at stake."""
    random = np.random.default_rng(0)
    rows = 16_000
    X = random.uniform(-1, 1, size=(rows, 4))
    stake = np.exp(5 + 1.5 * X[:, 1])
    factor = 1.0 - 0.9 * X[:, 0]
    code = random.integers(0, 4, rows)
    noise = random.lognormal(-0.08, 0.4, rows)
    outcome = stake * noise * (1 + SHARE[code] * factor)
    fitted = EffectModel().fit(X, np.array(ACTIONS)[code], outcome, np.full(rows, 0.25), actions=ACTIONS).fitted
    return X, stake[:, None] * factor[:, None] * SHARE[None, :], fitted


def test_even_the_weakest_action_has_the_shape_of_all(shop):
    X, true, fitted = shop
    found = fitted.predict(X)
    assert np.corrcoef(fitted.stage.shared.at(X), 1.0 - 0.9 * X[:, 0])[0, 1] > 0.9
    for action in range(1, 4):
        assert np.corrcoef(found[:, action], true[:, action])[0, 1] > 0.8, ACTIONS[action]


def test_effects_on_amounts_grow_with_what_is_at_stake(shop):
    X, true, fitted = shop
    found = fitted.predict(X)[:, 3]
    much, little = X[:, 1] > 0.5, X[:, 1] < -0.5
    assert found[much].mean() == pytest.approx(true[much, 3].mean(), rel=0.35)
    assert found[little].mean() == pytest.approx(true[little, 3].mean(), rel=0.5)
