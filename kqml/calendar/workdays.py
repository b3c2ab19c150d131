"""The working days of a country, swap days included, with whether its government has announced them yet."""

from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from typing import Literal

import holidays
import numpy as np
from numpy.typing import NDArray

from kqml.errors import BadUse, Fault

Certainty = Literal["announced", "forecast"]

ANNOUNCED_YEARLY = frozenset({"CN"})
"""Countries whose government moves days each year by a notice; elsewhere the law alone says what is free."""

EPOCH = date(1970, 1, 1)


@dataclass(frozen=True)
class Workdays:
    """A country's working days by its ISO code (`CN`)."""

    country: str

    def is_working(self, day: date) -> bool:
        return bool(_calendar(self.country, day.year).is_working_day(day))

    def certainty(self, year: int) -> Certainty:
        """`announced` where the days of the year are known; `forecast` where swap days are still to be told."""
        if self.country not in ANNOUNCED_YEARLY:
            return "announced"
        result = _calendar(self.country, year).special_public_holidays
        return "announced" if year in result else "forecast"

    def between(self, first: date, last: date) -> NDArray[np.bool_]:
        """For every day from `first` to `last`: is it a working day?"""
        days = range((last - first).days + 1)
        return np.array([self.is_working(first + timedelta(days=step)) for step in days], dtype=np.bool_)

    def following(self, day: date) -> date:
        """The first working day that is not before `day`."""
        while not self.is_working(day):
            day += timedelta(days=1)
        return day

    def after(self, day: date, count: int) -> date:
        """The working day that is `count` working days after `day`."""
        for _ in range(count):
            day = self.following(day + timedelta(days=1))
        return day


def workdays(country: str = "CN") -> Workdays:
    """The working days of a country. Raises BadUse for one whose holidays are not known."""
    if country not in countries():
        fault = Fault("country", f"{country!r} has no calendar", "give an ISO code of two letters such as CN")
        raise BadUse("The working-day calendar does not exist.", [fault])
    return Workdays(country)


@cache
def countries() -> frozenset[str]:
    """The ISO codes of the countries whose working days are known."""
    return frozenset(holidays.list_supported_countries(include_aliases=False))


@cache
def _calendar(country: str, year: int) -> holidays.HolidayBase:
    """One year at a time: a calendar that grows when it is asked would answer differently by the order of questions."""
    return holidays.country_holidays(country, years=year, expand=False)
