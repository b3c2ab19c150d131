"""Stretches of days without trade that nobody declared."""

import pytest
from hand_made import made_context, made_log

from models.churn.label_audit.quiet_stretches import undeclared_stretches


def shop(days, per_day=20, silent=(), weekdays=7):
    """Orders of one company: so many on each trading day; day 4 is a Monday (1970-01-05)."""
    trading = [day for day in range(4, 4 + days) if (day - 4) % 7 < weekdays and day not in silent]
    return made_log({"a": [(day + hour / per_day, "order", 0) for day in trading for hour in range(per_day)]})


def found(log, quiet=()):
    return [(stretch.start, stretch.end) for stretch in undeclared_stretches(log, made_context(log, quiet=quiet))]


def test_three_days_without_orders_are_found_with_what_was_expected():
    stretches = undeclared_stretches(log := shop(200, silent=range(100, 103)), made_context(log))
    assert [vars(stretch) for stretch in stretches] == [
        {"start": "1970-04-11", "end": "1970-04-14", "orders": 0, "expected": 60}
    ]


@pytest.mark.parametrize(
    ("silent", "quiet"),
    [((), ()), (range(100, 102), ()), (range(100, 107), [(100, 107)]), (range(3), ())],
)
def test_short_or_declared_stretches_are_not_news(silent, quiet):
    assert found(shop(200, silent=silent), quiet) == []


def test_a_weekend_neither_counts_nor_interrupts():
    friday = 4 + 7 * 14 + 4
    assert found(shop(200, weekdays=5, silent=[friday, friday + 3]), ()) == []
    assert found(shop(200, weekdays=5, silent=[friday, friday + 3, friday + 4])) == [("1970-04-17", "1970-04-22")]


def test_too_few_orders_a_day_say_nothing():
    assert found(shop(200, per_day=4, silent=range(100, 110))) == []


@pytest.mark.parametrize("days", [0, 1, 5, 8])
def test_short_logs_have_no_stretches(days):
    log = shop(days) if days else made_log({"a": []})
    assert found(log) == []
