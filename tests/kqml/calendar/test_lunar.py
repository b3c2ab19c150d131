"""Lunar festivals on the solar calendar."""

from datetime import date

import pytest

from kqml.calendar.festivals import festival, spring_closure


@pytest.mark.parametrize(
    ("name", "day"),
    [
        ("spring_festival", date(2022, 2, 1)),
        ("spring_festival", date(2023, 1, 22)),
        ("spring_festival", date(2024, 2, 10)),
        ("spring_festival", date(2025, 1, 29)),
        ("dragon_boat", date(2023, 6, 22)),
        ("dragon_boat", date(2024, 6, 10)),
        ("mid_autumn", date(2023, 9, 29)),
        ("mid_autumn", date(2024, 9, 17)),
    ],
)
def test_a_festival_falls_on_its_day(name, day):
    assert festival(name, day.year) == day


def test_shops_close_from_the_eve():
    assert spring_closure(2024) == (date(2024, 2, 9), date(2024, 2, 17))
