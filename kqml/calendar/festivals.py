"""The festivals of the Chinese year, lunar ones included, as days of the solar calendar."""

from collections.abc import Mapping
from datetime import date, timedelta

from borax.calendars.festivals2 import TermFestival
from borax.calendars.lunardate import LunarDate

LUNAR: Mapping[str, tuple[int, int]] = {
    "spring_festival": (1, 1),
    "lantern": (1, 15),
    "dragon_boat": (5, 5),
    "mid_autumn": (8, 15),
    "double_ninth": (9, 9),
}
"""Festival → its month and day of the lunar year."""

CLOSED_DAYS = 8
"""Days that shops are closed at Spring Festival, from the eve (our assumption)."""


def festival(name: str, year: int) -> date:
    """The day of a festival in a solar year."""
    month, day = LUNAR[name]
    result: date = LunarDate(year, month, day).to_solar_date()
    return result


def spring_closure(year: int, days: int = CLOSED_DAYS) -> tuple[date, date]:
    """First closed day and first open day again around Spring Festival."""
    eve = festival("spring_festival", year) - timedelta(days=1)
    return eve, eve + timedelta(days=days)


SOLAR: Mapping[str, tuple[int, int]] = {"new_year": (1, 1), "labour_day": (5, 1), "national_day": (10, 1)}
"""Festival → its month and day of the solar year."""

QINGMING = "qingming"
"""The festival that falls on a solar term."""

FESTIVALS: tuple[str, ...] = (*LUNAR, *SOLAR, QINGMING)


def festival_day(name: str, year: int) -> date:
    """The day of a festival in a solar year. Raises KeyError for a name that is none of FESTIVALS."""
    if name == QINGMING:
        result: date = TermFestival("清明").at(year=year)
        return result
    if name in SOLAR:
        return date(year, *SOLAR[name])
    return festival(name, year)
