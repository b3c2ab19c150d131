"""The festivals of the Chinese year as days of the solar calendar."""

from collections.abc import Mapping
from datetime import date

from borax.calendars.festivals2 import TermFestival

from kqml.calendar.lunar import LUNAR, festival

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
