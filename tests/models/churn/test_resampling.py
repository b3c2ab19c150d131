"""Intervals by resampling accounts."""

import time

import numpy as np
import pytest
from scipy.special import expit
from sklearn.linear_model import LogisticRegression

from models.churn.logistic_line import fit_line
from models.churn.resampling import Resamples, draw_resamples, interval, measure, paired


def rows(count=4000, accounts=300, seed=0):
    """Log-odds, accounts, churn drawn from them."""
    random = np.random.default_rng(seed)
    account = random.integers(0, accounts, count)
    log_odds = random.normal(size=count) - 2 + random.normal(size=accounts)[account]
    return log_odds, account, random.random(count) < expit(log_odds)


def test_whole_accounts_are_drawn():
    resamples = draw_resamples(np.array(["b", "a", "b"]), draws=50, seed=1)
    assert resamples.cluster.tolist() == [1, 0, 1]
    assert (resamples.counts.sum(axis=1) == 2).all()
    assert {tuple(weights) for weights in resamples.weights()} == {(0, 2, 0), (1, 1, 1), (2, 0, 2)}


def test_the_same_seed_gives_the_same_draws():
    accounts = np.arange(30)
    first, again, other = (draw_resamples(accounts, 5, seed).counts for seed in (3, 3, 4))
    assert (first == again).all() and (first != other).any()


def test_the_part_of_a_resample_keeps_its_draws():
    resamples = draw_resamples(np.array([0, 0, 1, 2]), draws=20, seed=0)
    part = resamples.where(np.array([True, False, False, True]))
    whole = [weights[[0, 3]].tolist() for weights in resamples.weights()]
    assert [weights.tolist() for weights in part.weights()] == whole


def test_metrics_of_each_draw_are_those_of_its_rows():
    log_odds, account, churned = rows()
    resamples = draw_resamples(account, draws=3, seed=0)
    found = measure(expit(log_odds), churned, resamples, probabilities=True)
    for draw, weights in enumerate(resamples.weights()):
        taken = np.repeat(np.arange(len(weights)), weights.astype(int))
        one = Resamples(np.zeros(len(taken), dtype=np.int64), np.ones((1, 1), dtype=np.uint8))
        again = measure(expit(log_odds[taken]), churned[taken], one, probabilities=True).values
        drawn = {name: values[draw] for name, values in found.draws.items()}
        assert drawn == pytest.approx(again, rel=2e-3)


def test_calibration_metrics_by_hand():
    p, churned = np.array([0.2, 0.4, 0.6, 0.8]), np.array([False, True, False, True])
    found = measure(p, churned, draw_resamples(np.arange(4), 10, 0), probabilities=True).values
    assert found["brier"] == pytest.approx((0.04 + 0.36 + 0.36 + 0.04) / 4)
    assert found["expected_over_observed"] == pytest.approx(1.0)


def test_the_slope_is_the_logistic_regression_on_log_odds():
    log_odds, account, churned = rows()
    found = measure(expit(2 * log_odds), churned, draw_resamples(account, 10, 0), probabilities=True)
    expected = LogisticRegression(C=1e12, tol=1e-10).fit(2 * log_odds[:, None], churned).coef_[0, 0]
    assert found.values["slope"] == pytest.approx(expected, rel=1e-4)
    assert found.values["slope"] == pytest.approx(0.5, abs=0.05)


def test_intervals_hold_the_truth_and_pairing_narrows_them():
    log_odds, account, churned = rows()
    resamples = draw_resamples(account, 300, 0)
    noisy = log_odds + np.random.default_rng(1).normal(size=len(log_odds)) * 0.1
    one, other = (measure(expit(score), churned, resamples, True) for score in (log_odds, noisy))
    level = one.interval("expected_over_observed")
    assert level.low < 1 < level.high
    apart, alone = paired(one, other, "auc"), one.interval("auc")
    assert apart.high - apart.low < (alone.high - alone.low) / 4


def test_a_rule_has_no_level():
    log_odds, account, churned = rows()
    found = measure(log_odds, churned, draw_resamples(account, 10, 0), probabilities=False)
    assert set(found.values) == {"auc", "average_precision", "lift_at_10"}


def test_where_nobody_churned_there_are_no_values():
    found = measure(np.array([0.1, 0.2]), np.zeros(2, dtype=bool), draw_resamples(np.arange(2), 10, 0), True)
    assert np.isnan(found.values["auc"]) and np.isnan(found.values["slope"])
    assert np.isnan(found.interval("average_precision").low)


def test_an_interval_is_the_middle_95_percent():
    bounds = interval(np.concatenate([np.arange(1001.0), [np.nan]]))
    assert (bounds.low, bounds.high) == (25.0, 975.0)


def test_a_line_on_separable_rows_with_soft_targets_is_finite():
    line = fit_line(np.array([-1.0, 1.0]), np.array([1 / 3, 2 / 3]))
    assert line.slope == pytest.approx(np.log(2), rel=1e-4)


@pytest.mark.slow
def test_a_thousand_draws_of_51_000_rows_take_a_couple_of_seconds():
    log_odds, account, churned = rows(51_659, 1_700)
    begun = time.process_time()
    measure(expit(log_odds), churned, draw_resamples(account), probabilities=True)
    assert time.process_time() - begun < 5
