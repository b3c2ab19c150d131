"""Festivals on the solar calendar, against an independent calendar; distances to Spring Festival."""

from datetime import date, timedelta

import chinese_calendar
import pytest

from kqml.calendar.festivals import festival_day

ORACLE = {
    "new_year": "New Year's Day",
    "spring_festival": "Spring Festival",
    "qingming": "Tomb-sweeping Day",
    "labour_day": "Labour Day",
    "dragon_boat": "Dragon Boat Festival",
    "mid_autumn": "Mid-autumn Festival",
    "national_day": "National Day",
}


@pytest.mark.parametrize("name", ORACLE)
def test_a_festival_lies_within_the_days_off_that_an_independent_calendar_gives_it(name):
    years = range(2008, 2027)
    outside = []
    for year in years:
        day = festival_day(name, year)
        around = [chinese_calendar.get_holiday_detail(day + timedelta(days=step))[1] for step in (-1, 0, 1, 2, 3)]
        if ORACLE[name] not in around:
            outside.append(day)
    shared = date(2020, 10, 1)  # both on one day, which the oracle calls National Day
    assert outside == ([shared] if name == "mid_autumn" else [])


@pytest.mark.parametrize(
    ("name", "day"),
    [
        ("lantern", date(2024, 2, 24)),
        ("lantern", date(2025, 2, 12)),
        ("double_ninth", date(2024, 10, 11)),
        ("qingming", date(2023, 4, 5)),
        ("qingming", date(2024, 4, 4)),
        ("national_day", date(2030, 10, 1)),
        ("dragon_boat", date(2020, 6, 25)),  # after a leap month
        ("mid_autumn", date(2025, 10, 6)),  # after a leap month
        ("spring_festival", date(2033, 1, 31)),
    ],
)
def test_a_festival_falls_on_its_day(name, day):
    assert festival_day(name, day.year) == day


def test_a_festival_that_is_none_is_refused():
    with pytest.raises(KeyError, match="easter"):
        festival_day("easter", 2024)
