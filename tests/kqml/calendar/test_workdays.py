"""Working days with swap days, against an independent calendar; what is announced, what is a forecast."""

from datetime import date, timedelta

import chinese_calendar
import pytest

from kqml.calendar.workdays import workdays
from kqml.errors import BadUse

CHINA = workdays("CN")


@pytest.mark.parametrize("year", range(2004, 2027))
def test_every_past_day_agrees_with_an_independent_calendar(year):
    days = [date(year, 1, 1) + timedelta(days=step) for step in range(366)]
    differing = [day for day in days if day.year == year and CHINA.is_working(day) != chinese_calendar.is_workday(day)]
    assert differing == ([date(2005, 12, 31)] if year == 2005 else [])


def test_the_one_day_in_dispute_was_a_swap_day():
    """The notice for New Year 2006 made Saturday, 31 December 2005 a working day; the oracle forgot it."""
    assert CHINA.is_working(date(2005, 12, 31))


@pytest.mark.parametrize(
    ("day", "working"),
    [
        ("2024-02-04", True),  # a Sunday worked for Spring Festival
        ("2024-02-12", False),
        ("2024-10-12", True),
        ("2025-10-08", False),
        ("2024-03-06", True),
        ("2024-03-09", False),
    ],
)
def test_swap_days_are_worked_and_holidays_are_free(day, working):
    assert CHINA.is_working(date.fromisoformat(day)) == working


@pytest.mark.parametrize(("year", "certainty"), [(2007, "announced"), (2024, "announced"), (2031, "forecast")])
def test_a_year_without_a_notice_is_a_forecast(year, certainty):
    assert CHINA.certainty(year) == certainty


def test_a_forecast_knows_weekends_and_the_law():
    assert not CHINA.is_working(date(2031, 10, 1))
    assert not CHINA.is_working(date(2031, 3, 1))  # a Saturday
    assert CHINA.is_working(date(2031, 3, 3))


def test_answers_do_not_depend_on_what_was_asked_before():
    asked_late = [CHINA.is_working(date(2022, 1, 1) + timedelta(days=step)) for step in range(5)]
    CHINA.is_working(date(2021, 12, 31))
    CHINA.is_working(date(2023, 1, 1))
    assert [CHINA.is_working(date(2022, 1, 1) + timedelta(days=step)) for step in range(5)] == asked_late


def test_another_country_has_its_own_days():
    germany = workdays("DE")
    assert not germany.is_working(date(2024, 10, 3))
    assert germany.is_working(date(2024, 10, 1))
    assert germany.certainty(2040) == "announced"


def test_a_country_that_is_none_is_bad_use():
    with pytest.raises(BadUse, match="'XX' has no calendar"):
        workdays("XX")


def test_days_between_and_the_next_working_day():
    assert CHINA.between(date(2024, 2, 8), date(2024, 2, 12)).tolist() == [True, True, False, False, False]
    assert CHINA.following(date(2024, 2, 10)) == date(2024, 2, 18)
    assert CHINA.following(date(2024, 2, 19)) == date(2024, 2, 19)
