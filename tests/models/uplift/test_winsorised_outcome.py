"""Outcomes far from anything to be expected are drawn in; others stay as they are."""

import numpy as np
import pytest

from models.uplift.effect_scale import Measure, OutcomeKind, outcome_kind
from models.uplift.pseudo_outcomes import winsorised_outcome


def measure(rows, level=100.0, spread=10.0):
    return Measure(np.full(rows, level), np.full(rows, level), np.full(rows, spread))


def test_outcomes_without_tails_stay_but_for_a_hair():
    outcome = 100 + np.random.default_rng(0).normal(0, 12, 5000)
    assert (winsorised_outcome(outcome, measure(5000), 5.0) == outcome).mean() > 0.995


def test_tails_are_drawn_in_until_they_hold_little_of_all_amounts():
    outcome = 100 + 10 * np.random.default_rng(0).standard_t(2, 20_000)
    winsorised = winsorised_outcome(outcome, measure(20_000), 5.0)
    assert 40 <= np.abs(winsorised - 100).max() < 100 < np.abs(outcome - 100).max()
    assert winsorised.var() < 0.7 * outcome.var()
    assert np.abs(winsorised - outcome).sum() < 0.03 * np.abs(outcome).sum()


def test_where_few_rows_hold_all_the_money_they_keep_it():
    outcome = np.where(np.random.default_rng(0).random(20_000) < 0.02, 100.0, 0.0)
    assert (winsorised_outcome(outcome, measure(20_000, 2.0, 3.0), 5.0) == outcome).all()


def test_one_order_of_a_lifetime_is_bounded_by_what_others_do():
    outcome = 100 + np.random.default_rng(0).normal(0, 12, 5000)
    outcome[7] = 1e7
    assert winsorised_outcome(outcome, measure(5000), 5.0)[7] < 400


def test_an_infinite_reach_changes_nothing():
    outcome = np.array([1.0, 1e9, 2.0])
    assert (winsorised_outcome(outcome, measure(3), np.inf) == outcome).all()


@pytest.mark.parametrize(
    ("outcome", "kind"),
    [
        ([0.0, 1.0, 1.0], OutcomeKind.BINARY),
        ([0.0, 250.0, 1000.0], OutcomeKind.AMOUNT),
        ([-5.0, 250.0, 1000.0], OutcomeKind.AMOUNT),
        ([-500.0, 250.0, 1000.0], OutcomeKind.NUMBER),
    ],
)
def test_a_return_now_and_then_does_not_make_amounts_any_numbers(outcome, kind):
    assert outcome_kind(np.array(outcome)) is kind
