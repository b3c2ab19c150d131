"""Instants of the calendar that features are measured from, for cutoffs of 1970 to 2099."""

from datetime import date
from functools import cache

import numpy as np

from kqml.calendar.business_time import Instants, local_midnight
from kqml.calendar.festivals import festival

YEARS = range(1969, 2101)


@cache
def month_starts(time_zone: str) -> Instants:
    """Return the local midnight with which each month begins, ascending."""
    days = [date(year, month, 1) for year in YEARS for month in range(1, 13)]
    return np.array([local_midnight(day, time_zone) for day in days], dtype=np.int64)


@cache
def spring_festivals(time_zone: str) -> Instants:
    """Return the local midnight with which each Spring Festival begins, ascending."""
    return np.array([local_midnight(festival("spring_festival", year), time_zone) for year in YEARS], dtype=np.int64)
