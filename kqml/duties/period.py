"""The stretch of local days that duties are asked for: a week, a calendar month."""

import re
from dataclasses import dataclass
from datetime import date, timedelta

from kqml.calendar.business_time import local_midnight
from kqml.calendar.workdays import EPOCH
from kqml.errors import BadUse, Fault


@dataclass(frozen=True)
class Period:
    """Local days from `first` to `last`, both included."""

    first: date
    last: date

    def instants(self, time_zone: str) -> tuple[int, int]:
        """Its half-open interval of instants."""
        return local_midnight(self.first, time_zone), local_midnight(self.last + timedelta(days=1), time_zone)

    @property
    def week_name(self) -> str:
        """`YYYY-Www` of its first day."""
        return week_name(self.first)


def day_number(day: date) -> int:
    """Days since 1970-01-01."""
    return (day - EPOCH).days


def date_of(number: int) -> date:
    return EPOCH + timedelta(days=int(number))


def week_name(day: date) -> str:
    """`YYYY-Www`, the ISO week in which a day lies."""
    year, number, _ = day.isocalendar()
    return f"{year}-W{number:02d}"


def week(name: str) -> Period:
    """The week of `YYYY-Www`, Monday to Sunday. Raises BadUse for another text."""
    match = re.fullmatch(r"(\d{4})-W(\d{2})", name)
    try:
        monday = date.fromisocalendar(int(match[1]), int(match[2]), 1) if match else None
    except ValueError:
        monday = None
    if monday is None:
        raise BadUse("There is no such week.", [Fault("week", f"{name!r} is no week", "give it as 2024-W07")])
    return Period(monday, monday + timedelta(days=6))


def month(name: str) -> Period:
    """The calendar month of `YYYY-MM`. Raises BadUse for another text."""
    match = re.fullmatch(r"(\d{4})-(0[1-9]|1[0-2])", name)
    if not match or int(match[1]) < 1:
        raise BadUse("There is no such month.", [Fault("month", f"{name!r} is no month", "give it as 2024-02")])
    first = date(int(match[1]), int(match[2]), 1)
    return Period(first, month_after(first) - timedelta(days=1))


def month_after(day: date) -> date:
    """The first day of the month after that of `day`."""
    return (day.replace(day=1) + timedelta(days=32)).replace(day=1)


def month_before(day: date) -> date:
    """The first day of the month before that of `day`."""
    return (day.replace(day=1) - timedelta(days=1)).replace(day=1)


def months_of(period: Period) -> list[date]:
    """The first days of the calendar months that a period touches."""
    results = [period.first.replace(day=1)]
    while (following := month_after(results[-1])) <= period.last:
        results.append(following)
    return results
