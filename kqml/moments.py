"""Which moments can be true: the one rule for importer, datasets and API."""

from datetime import date

from kqml.calendar.business_time import DAY_US

FIRST_YEAR = 1990
"""An event before this year is taken for a typing error or for a moment that was absent (1970-01-01)."""

FIRST_YEAR_OF_DATES = 1900
"""The same for dates, such as the day on which an account was opened."""

LAST_YEAR = 2099

AHEAD_US = DAY_US // 2
"""An event may lie so far ahead: clocks differ, time zones are mistaken for each other."""

MAY_LIE_AHEAD = frozenset({"due_at"})
"""The columns of moments and dates that may lie further ahead."""

YEARS = "(199[0-9]|20[0-9][0-9])"
"""FIRST_YEAR to LAST_YEAR as a regular expression."""

CLOCK = r"([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9]([.,][0-9]{1,9})?)?"
"""A time of day as ISO 8601 writes it."""

OFFSET = r"(Z|[+-]([01][0-9]|2[0-3])(:?[0-5][0-9])?)"
"""An offset from UTC as ISO 8601 writes it, with or without a colon or minutes."""

FULL_CLOCK = r"([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]{1,9})?"
"""A time of day as RFC 3339 writes it: with seconds."""

FULL_OFFSET = r"(Z|[+-]([01][0-9]|2[0-3]):[0-5][0-9])"
"""An offset from UTC as RFC 3339 writes it."""


def first_ahead(now: int) -> int:
    """Return the first instant that lies in the future, seen from `now`."""
    return now + AHEAD_US


def first_plausible() -> int:
    """Return the first instant at which an event can have happened."""
    return (date(FIRST_YEAR, 1, 1) - date(1970, 1, 1)).days * DAY_US
