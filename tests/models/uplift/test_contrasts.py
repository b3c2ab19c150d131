"""Intervals of means over accounts cover, complier effects are ratios that say when they are none."""

import numpy as np
import pytest

from kqml.errors import Refused
from models.uplift.complier import complier_effect, uptake_scores
from models.uplift.contrasts import clustered_mean


@pytest.mark.parametrize("heavy", [False, True])
def test_intervals_cover_though_rows_of_an_account_are_alike(heavy):
    random = np.random.default_rng(0)
    covered = 0
    for _ in range(300):
        account = np.repeat(np.arange(60), 5)
        own = random.standard_t(3, 60) if heavy else random.normal(size=60)
        found = clustered_mean(own[account] + random.normal(size=300), account)
        covered += found.low <= 0.0 <= found.high
    assert 0.92 <= covered / 300 <= 1.0


def test_one_huge_account_widens_the_interval():
    numbers = np.concatenate([np.random.default_rng(0).normal(size=200), [500.0]])
    found = clustered_mean(numbers, np.arange(201))
    assert found.degrees < 2
    assert found.low < 0 < found.high


def test_nothing_has_no_mean():
    found = clustered_mean(np.empty(0), np.empty(0, dtype=np.int64))
    assert np.isnan(found.value)
    assert found.error == np.inf


def assigned(uptake, rows=6000, effect=5.0):
    random = np.random.default_rng(1)
    action = random.integers(0, 2, rows)
    executed = np.where(random.random(rows) < np.where(action == 1, uptake, 0.05), 1, 0)
    outcome = 10 + effect * executed + random.normal(size=rows)
    sign = np.where(action == 1, 1.0, -1.0)
    probability = np.full(rows, 0.5)
    scores = sign * (outcome - outcome.mean()) / probability
    return scores, uptake_scores(executed, action, probability, 1, float(executed.mean())), np.arange(rows)


def test_the_effect_of_doing_is_that_of_asking_over_the_uptake():
    found = complier_effect("visit", *assigned(0.65))
    assert found.uptake.value == pytest.approx(0.6, abs=0.05)
    assert found.assigned.value == pytest.approx(3.0, abs=0.3)
    assert found.complier.low < 5.0 < found.complier.high


def test_without_uptake_there_is_no_ratio():
    with pytest.raises(Refused, match="assigning it raises the share that does visit"):
        complier_effect("visit", *assigned(0.05))
