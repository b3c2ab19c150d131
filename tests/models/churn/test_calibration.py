"""Calibration: right on average, never falling, finite on the oddest rows, the same from JSON."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import expit, logit

from models.churn.calibration import (
    IDENTITY,
    IsotonicCalibration,
    LogisticCalibration,
    calibration_from,
    fit_calibration,
)
from models.churn.logistic_line import LogisticLine, fit_line


def drawn(count, seed=0, bend=lambda log_odds: log_odds):
    """Log-odds with churn drawn from a bent version of them."""
    random = np.random.default_rng(seed)
    log_odds = random.normal(size=count) * 1.5 - 2
    return log_odds, random.random(count) < expit(bend(log_odds))


def test_two_parameters_are_found_again():
    log_odds, churned = drawn(3_000, bend=lambda x: 0.5 + 0.7 * x)
    calibration = fit_calibration(log_odds, churned)
    assert isinstance(calibration, LogisticCalibration)
    assert (calibration.line.intercept, calibration.line.slope) == pytest.approx((0.5, 0.7), abs=0.15)


def test_the_shape_is_learned_from_a_thousand_positives_on():
    log_odds, churned = drawn(20_000, bend=lambda x: np.where(x > -2, x + 1, x - 1))
    calibration = fit_calibration(log_odds, churned)
    assert isinstance(calibration, IsotonicCalibration)
    assert calibration.probability(log_odds).sum() == pytest.approx(churned.sum(), rel=0.02)
    away = np.array([-3.5, -0.5])
    assert logit(calibration.probability(away)) == pytest.approx([-4.5, 0.5], abs=0.5)


def test_expected_equals_observed_on_its_own_rows():
    log_odds, churned = drawn(3_000, bend=lambda x: x - 1)
    calibration = fit_calibration(log_odds, churned)
    assert calibration.probability(log_odds).sum() == pytest.approx(churned.sum(), rel=0.01)


@pytest.mark.parametrize(
    ("log_odds", "churned", "expected"),
    [
        ([], [], IDENTITY.probability(np.array([0.3]))[0]),
        ([0.0] * 8, [False] * 8, 0.1),
        ([0.0] * 8, [True] * 8, 0.9),
        ([0.3] * 40, [True] * 20 + [False] * 20, 0.5),
    ],
)
def test_degenerate_rows_give_a_finite_probability(log_odds, churned, expected):
    calibration = fit_calibration(np.array(log_odds, dtype=float), np.array(churned, dtype=bool))
    asked = np.array(log_odds[:1] or [0.3])
    assert calibration.probability(asked)[0] == pytest.approx(expected, abs=1e-3)


def test_few_churned_rows_move_the_level_only():
    log_odds, churned = np.linspace(-3, 3, 200), np.zeros(200, dtype=bool)
    churned[[10, 150, 190]] = True
    assert fit_calibration(log_odds, churned).as_json()["slope"] == 1.0


def test_a_model_that_is_upside_down_gets_the_base_rate():
    log_odds, churned = drawn(2_000, bend=lambda x: -x - 4)
    probability = fit_calibration(log_odds, churned).probability(np.array([-5.0, 5.0]))
    assert probability == pytest.approx([churned.mean()] * 2, rel=0.01)


def test_perfectly_separated_rows_stay_finite():
    log_odds = np.concatenate([np.full(50, -2.0), np.full(50, 2.0)])
    calibration = fit_calibration(log_odds, log_odds > 0)
    assert calibration.probability(np.array([-2.0, 2.0])) == pytest.approx([1 / 52, 51 / 52], abs=1e-3)


@pytest.mark.parametrize("count", [300, 20_000])
def test_json_gives_the_same_probabilities(count):
    log_odds, churned = drawn(count)
    calibration = fit_calibration(log_odds, churned)
    again = calibration_from(json.loads(json.dumps(calibration.as_json())))
    assert again == calibration
    assert (again.probability(log_odds) == calibration.probability(log_odds)).all()


def test_an_unknown_kind_is_named():
    with pytest.raises(ValueError, match="'beta'"):
        calibration_from({"kind": "beta"})


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from([15, 80, 400, 9_000]), st.floats(-1.0, 2.0))
def test_probabilities_never_fall_where_log_odds_rise(seed, count, slope):
    log_odds, churned = drawn(count, seed, bend=lambda x: slope * x)
    probability = fit_calibration(log_odds, churned).probability(np.linspace(-12, 12, 400))
    assert (np.diff(probability) >= 0).all()
    assert ((probability > 0) & (probability < 1)).all()


def test_isotonic_tells_apart_what_the_model_told_apart():
    calibration = IsotonicCalibration((-2.0, 0.0, 1.0), (-3.0, -1.0, 2.0))
    assert logit(calibration.probability(np.array([-4.0, -2.0, -1.0, 0.5, 1.0, 3.0]))) == pytest.approx(
        [-5.0, -3.0, -2.0, 0.5, 2.0, 4.0]
    )


def test_a_line_is_what_it_says():
    assert LogisticCalibration(LogisticLine(-1.0, 2.0)).probability(np.array([0.5])) == pytest.approx([0.5])


def test_a_short_step_at_the_end_claims_no_certainty():
    log_odds, churned = drawn(6_000)
    churned[np.argsort(log_odds)[:40]] = False
    churned[np.argsort(log_odds)[-40:]] = True
    calibration = fit_calibration(log_odds, churned)
    assert isinstance(calibration, IsotonicCalibration)
    lowest, highest = calibration.probability(np.sort(log_odds)[[0, -1]])
    assert lowest > 1e-4 and highest < 0.99


def test_a_shape_learned_on_few_rows_holds_on_new_ones():
    slopes = []
    for seed in range(6):
        log_odds, churned = drawn(8_000, seed=2 * seed + 1, bend=lambda x: 0.6 * x)
        new, answers = drawn(20_000, seed=2 * seed + 2, bend=lambda x: 0.6 * x)
        probability = fit_calibration(log_odds, churned).probability(new)
        slopes.append(fit_line(logit(probability), answers.astype(float)).slope)
    assert np.mean(slopes) == pytest.approx(1.0, abs=0.06)
