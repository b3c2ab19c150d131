"""Averages of several actions are measured together, then drawn to what they share."""

import numpy as np
import pytest

from models.uplift.average_effects import AverageEffects, measure_average_effects, shrunken_averages


def levels(value, error, shared=0.0):
    count = len(value)
    return AverageEffects(np.array(value), np.diag(np.full(count, error**2)) + shared**2 * np.ones((count, count)))


def test_averages_that_are_sure_stay():
    assert shrunken_averages(levels([0.1, 0.4, 2.6], 0.01)) == pytest.approx([0.1, 0.4, 2.6], abs=0.02)


def test_averages_that_could_be_chance_are_drawn_in():
    measured = np.array([0.5, -0.4, 0.3])
    drawn = shrunken_averages(levels(measured, 1.0))
    assert (np.abs(drawn) < 0.8 * np.abs(measured).max()).all()
    assert np.ptp(drawn) < 0.7 * np.ptp(measured)


def test_what_all_actions_share_is_kept_more_than_what_one_has_alone():
    together = shrunken_averages(levels([2.0, 2.0, 2.0, 2.0], 1.0))
    alone = shrunken_averages(levels([2.0, 0.0, 0.0, 0.0], 1.0))
    assert together.min() > 1.1 * alone[0] > 0


def test_one_action_is_drawn_to_none():
    assert 0 < shrunken_averages(levels([1.0], 1.0))[0] < 1.0


def test_levels_are_shares_of_the_stake_with_errors_by_account():
    random = np.random.default_rng(0)
    stake = random.uniform(1, 100, 8000)
    account = np.repeat(np.arange(2000), 4)
    effect = 0.03 * stake + 0.2 * stake * random.normal(size=2000)[account]
    mask = np.ones(8000, dtype=bool)
    found = measure_average_effects([effect / stake], [np.ones(8000)], [mask], account)
    assert found.value[0] == pytest.approx(0.03, abs=3 * found.error[0])
    assert found.error[0] == pytest.approx(0.2 / np.sqrt(2000), rel=0.1)
