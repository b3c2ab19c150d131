"""Departures flagged in time, money captured, as tables."""

import numpy as np
import pytest

from features.labels import LabelledRows
from features.rows import Rows
from models.churn.flagged_departures import captured_money, flagged_departures
from models.churn.resampling import draw_resamples


def labels(account, cutoff, churned, silent_since):
    """Labelled rows with what departures need; nothing else matters here."""
    count = len(account)
    zeros = np.zeros(count, dtype=np.int64)
    return LabelledRows(
        rows=Rows(np.array(account, dtype=np.int32), np.array(cutoff, dtype=np.int64)),
        churned=np.array(churned, dtype=bool),
        censored=np.zeros(count, dtype=bool),
        already_silent=np.zeros(count, dtype=bool),
        last_order=zeros,
        own_cycle=np.ones(count),
        silent_since=np.array(silent_since, dtype=np.int64),
        next_order=zeros,
        closes_at=zeros,
        matures_at=zeros,
    )


# Account 0 leaves after its order at 25, account 1 after 9, account 2 stays. Each cutoff has a top of one.
ACCOUNT = [0, 0, 0, 1, 1, 2, 2, 2]
CUTOFF = [10, 20, 30, 10, 20, 10, 20, 30]
CHURNED = [0, 0, 1, 1, 1, 0, 0, 0]
SINCE = [8, 18, 25, 9, 9, 8, 18, 28]


@pytest.mark.parametrize(
    ("scores", "reach", "expected"),
    [
        ([9, 1, 9, 1, 9, 1, 1, 1], 100, (2, 1, 1, 1)),
        ([9, 1, 9, 1, 9, 1, 1, 1], 10, (2, 1, 1, 0)),
        ([1, 9, 9, 9, 1, 1, 1, 1], 10, (2, 1, 1, 1)),
        ([1, 1, 9, 9, 9, 8, 8, 1], 100, (2, 1, 0, 0)),
    ],
)
def test_a_departure_is_flagged_by_a_cutoff_before_its_last_order(scores, reach, expected):
    found = flagged_departures(labels(ACCOUNT, CUTOFF, CHURNED, SINCE), np.array(scores, dtype=float), reach)
    assert (found.departures, found.observable, found.flagged, found.flagged_within) == expected
    assert found.share == pytest.approx(expected[2] / 2)


def test_a_cutoff_at_the_very_order_still_comes_before_it():
    found = flagged_departures(labels([0, 0], [10, 40], [0, 1], [5, 10]), np.array([1.0, 1.0]), 100)
    assert (found.departures, found.flagged) == (1, 1)


def test_without_departures_there_is_no_share():
    found = flagged_departures(labels([0], [10], [0], [5]), np.array([1.0]), 100)
    assert (found.departures, found.observable) == (0, 0) and np.isnan(found.share)


def test_money_captured_is_that_of_the_churned_in_the_top():
    made = labels(ACCOUNT, CUTOFF, CHURNED, SINCE)
    money = np.array([1.0, 1, 30, 10, 5, 1, 1, 1])
    scores = np.array([1.0, 1, 9, 9, 1, 1, 8, 1])
    found = captured_money(made, scores, money, draw_resamples(made.rows.account, 200, 0))
    assert found.share == pytest.approx(40 / 45)
    assert 0 <= found.bounds.low <= found.share <= found.bounds.high <= 1


def test_without_amounts_there_is_no_money():
    made = labels(ACCOUNT, CUTOFF, CHURNED, SINCE)
    nothing = np.full(8, np.nan)
    assert captured_money(made, np.ones(8), nothing, draw_resamples(made.rows.account, 10, 0)) is None
