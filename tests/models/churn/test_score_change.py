from dataclasses import replace

import numpy as np
import pytest
from small_company import SmallCompany

from kqml.calendar.business_time import DAY_US
from models.churn.bundle import load_bundle
from models.churn.score_change import ScoreChanges, explain_score_changes
from models.churn.scoring import Scorer, create_scorer


@pytest.fixture(scope="module")
def scorers(company: SmallCompany) -> tuple[Scorer, Scorer]:
    first, second = map(load_bundle, company.bundles)
    return create_scorer(first), create_scorer(second)


@pytest.fixture(scope="module")
def changes(company: SmallCompany, scorers: tuple[Scorer, Scorer]) -> ScoreChanges:
    """Four weeks and another model apart."""
    was, now = company.asked(company.cutoff - 28 * DAY_US), company.asked(company.cutoff)
    return explain_score_changes(scorers[0], was, scorers[1], now)


def test_the_parts_add_up_to_the_change(changes: ScoreChanges) -> None:
    known = ~np.isnan(changes.before)
    total = changes.calendar + changes.data + changes.model
    assert known.sum() > 20
    assert np.abs(changes.after - changes.before - total)[known].max() < 1e-6
    for part in (changes.calendar, changes.data, changes.model):
        assert np.abs(part[known]).max() > 0.001


def test_before_and_after_are_the_scores_that_were_given(
    company: SmallCompany, scorers: tuple[Scorer, Scorer], changes: ScoreChanges
) -> None:
    for scorer, days, given in ((scorers[0], 28, changes.before), (scorers[1], 0, changes.after)):
        scores = scorer.score(company.asked(company.cutoff - days * DAY_US), 0)
        told = np.array([np.nan if score.churn_probability is None else score.churn_probability for score in scores])
        known = ~np.isnan(given)
        assert np.array_equal(told[known], given[known])


def test_the_same_model_changes_nothing_by_itself(company: SmallCompany, scorers: tuple[Scorer, Scorer]) -> None:
    was, now = company.asked(company.cutoff - 28 * DAY_US), company.asked(company.cutoff)
    found = explain_score_changes(scorers[0], was, scorers[0], now)
    assert set(found.model[~np.isnan(found.model)]) == {0.0}


def test_another_model_on_the_same_day_is_all_model(company: SmallCompany, scorers: tuple[Scorer, Scorer]) -> None:
    now = company.asked(company.cutoff)
    found = explain_score_changes(scorers[0], now, scorers[1], now)
    known = ~np.isnan(found.before)
    assert not found.calendar[known].any()
    assert not found.data[known].any()
    assert np.array_equal(found.model[known], (found.after - found.before)[known])


def test_without_new_events_it_is_all_calendar(company: SmallCompany, scorers: tuple[Scorer, Scorer]) -> None:
    was = company.asked(company.cutoff)
    now = company.asked(company.cutoff + 14 * DAY_US)
    reference = scorers[0].bundle.peers
    found = explain_score_changes(
        scorers[0], replace(was, reference=reference), scorers[0], replace(now, reference=reference)
    )
    known = ~np.isnan(found.before)
    assert np.abs(found.calendar[known]).max() > 0
    assert not found.data[known].any()


def test_moves_by_code_add_up_to_the_move_in_log_odds(
    company: SmallCompany, scorers: tuple[Scorer, Scorer], changes: ScoreChanges
) -> None:
    known = ~np.isnan(changes.before)
    line = scorers[0].bundle.model.calibration.line
    moved = changes.calendar_by_code.sum(axis=1) * line.slope
    before = np.log(changes.before / (1 - changes.before))
    aged = changes.before + changes.calendar
    assert np.allclose((np.log(aged / (1 - aged)) - before)[known], moved[known], atol=1e-9)


def test_who_was_not_eligible_both_times_has_no_change(changes: ScoreChanges) -> None:
    unknown = np.isnan(changes.before)
    assert unknown.any()
    assert np.isnan(changes.after[unknown]).all()
    assert np.isnan(changes.data_by_code[unknown]).all()
