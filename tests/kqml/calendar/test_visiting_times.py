"""The times at which an account is visited are read from text."""

import re

import pytest

from kqml.calendar.visiting_times import (
    OPENING_HOURS,
    VISIT_TIME,
    VISIT_WEEKDAYS,
    clock_of,
    open_windows,
    start_window,
    weekdays_of,
)


@pytest.mark.parametrize(
    ("text", "monday", "saturday", "sunday"),
    [
        ("09:00-18:00", ((540, 1080),), ((540, 1080),), ((540, 1080),)),
        ("Mo-Fr 09:00-12:00,14:00-18:00; Sa 10:00-13:00", ((540, 720), (840, 1080)), ((600, 780),), ()),
        ("08:00-20:00; Su off", ((480, 1200),), ((480, 1200),), ()),
        ("Sa-Mo 10:00-24:00", ((600, 1440),), ((600, 1440),), ((600, 1440),)),
        ("Sa,Su 22:00-02:00", (), ((1320, 1440),), ((1320, 1440),)),
        ("24/7", ((0, 1440),), ((0, 1440),), ((0, 1440),)),
    ],
)
def test_opening_hours_are_read_per_weekday(text, monday, saturday, sunday):
    assert re.search(OPENING_HOURS, text)
    days = open_windows(text)
    assert (days[0], days[5], days[6]) == (monday, saturday, sunday)


@pytest.mark.parametrize(
    "text", ["9-18", "09:00-25:00", "Mon 09:00-18:00", "Mo 9:00-18:00", "Mo", "09:00-18:00;Su off"]
)
def test_other_notations_of_opening_hours_do_not_match(text):
    assert not re.search(OPENING_HOURS, text)


def test_weekdays_and_times_of_day_are_read():
    assert weekdays_of("Tu") == {1}
    assert weekdays_of("Mo,Th,Su") == {0, 3, 6}
    assert start_window("10:30") == (630, 630)
    assert start_window("14:00-16:00") == (840, 960)
    assert clock_of(545) == "09:05"


@pytest.mark.parametrize(
    ("pattern", "text"),
    [(VISIT_WEEKDAYS, "Tuesday"), (VISIT_WEEKDAYS, "Tu, We"), (VISIT_TIME, "9:30"), (VISIT_TIME, "24:00")],
)
def test_other_spellings_of_weekdays_and_times_do_not_match(pattern, text):
    assert not re.search(pattern, text)
