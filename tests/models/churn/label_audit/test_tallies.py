"""Tallies: rows, flips, departures counted once, groups apart."""

from dataclasses import asdict

import pytest
from hand_made import at, made_context, made_log, orders

from features.churn_definition import ChurnDefinition
from features.labels import label_rows
from models.churn.label_audit.tallies import groups_of, share

ASKED = ChurnDefinition(horizon=10, gap=0, min_orders=1, active_within=50)


def groups(cutoffs, **histories):
    log = made_log(histories)
    return groups_of(label_rows(log, made_context(log), ASKED, at(cutoffs), observed_until=int(at(1000))))


def test_one_leaving_seen_twice_is_one_departure_and_a_return_makes_both_rows_flips():
    all_ = groups([100, 105], back=orders(80, 90, 130), gone=orders(80, 90), stays=orders(80, 95, 101, 108)).all
    assert asdict(all_) == {
        "rows": 6,
        "churned": 4,
        "churn_rate": 4 / 6,
        "flips": 2,
        "departures": 2,
        "accounts": 2,
        "returned": 1,
        "returned_share": 0.5,
    }


def test_two_leavings_of_one_account_are_two_departures():
    all_ = groups([100, 135], a=orders(90, 130)).all
    assert (all_.departures, all_.accounts, all_.returned, all_.flips) == (2, 1, 1, 1)


def test_the_groups_part_rows_by_the_own_cycle():
    found = groups([100], silent=orders(80, 85, 90), ordering=orders(60, 75, 90), single=orders(90))
    assert [(group.rows, group.churned) for group in (found.all, found.silent, found.ordering)] == [
        (3, 3),
        (1, 1),
        (2, 2),
    ]


def test_censored_rows_are_in_no_group():
    found = groups([100], closed=[*orders(90), (105, "account_closed", 0)], gone=orders(90))
    assert (found.all.rows, found.all.churned) == (1, 1)


def test_no_rows_have_no_rates():
    nobody = groups([5], a=orders(90)).all
    assert (nobody.rows, nobody.churn_rate, nobody.returned_share) == (0, None, None)


@pytest.mark.parametrize(("part", "whole", "expected"), [(1, 4, 0.25), (0, 4, 0.0), (0, 0, None)])
def test_a_share_of_nothing_is_none(part, whole, expected):
    assert share(part, whole) == expected
