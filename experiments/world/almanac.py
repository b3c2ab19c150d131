"""The weeks of a world: their instants, Spring Festival, the season, quarter ends."""

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from experiments.world.draws import Flags, Floats
from kqml.calendar.business_time import DAY_US, Instants, local_midnight
from kqml.calendar.festivals import CLOSED_DAYS, festival, spring_closure
from kqml.dataset.folder import QuietPeriod
from kqml.duties.period import week_name

TIME_ZONE = "Asia/Shanghai"
START = date(2022, 1, 3)
"""Monday of week 0 of a world without an end date."""

BURN_IN = 30
"""Weeks before week 0 that are lived and not recorded, so that week 0 is nothing special."""

STOCKING_UP = 1.3
"""Order rate in the two weeks before Spring Festival, against the season's (our assumption)."""


@dataclass(frozen=True)
class WeekDates:
    """The dates of a world's weeks. `start`: the Monday of week 0."""

    start: date = START

    @classmethod
    def up_to(cls, end: date, weeks: int) -> "WeekDates":
        """The dates of `weeks` weeks, the last of which holds the day before `end`."""
        last_day = end - timedelta(days=1)
        return cls(last_day - timedelta(days=last_day.weekday(), weeks=weeks - 1))

    def monday(self, week: int) -> date:
        return self.start + timedelta(weeks=week)

    def cutoff(self, week: int) -> int:
        """Return the instant at which a week begins, which is the cutoff of its decisions."""
        return local_midnight(self.monday(week), TIME_ZONE)

    def name(self, week: int) -> str:
        """Return the week as ISO `YYYY-Www`."""
        return week_name(self.monday(week))


@dataclass(frozen=True)
class Almanac:
    """Per week from −BURN_IN on (`at` gives the index): share of the week that shops are open, factor of the season,
    whether the week is one of the last two of a quarter, whether shops are closed on most of its days."""

    dates: WeekDates
    open_share: Floats
    season: Floats
    quarter_end: Flags
    quiet: tuple[QuietPeriod, ...]

    @staticmethod
    def at(week: int) -> int:
        return week + BURN_IN


def make_almanac(
    dates: WeekDates,
    weeks: int,
    season: tuple[float, ...],
    *,
    festival_kept: bool = True,
    last_closure_days: int = CLOSED_DAYS,
) -> Almanac:
    """Return the almanac of the first `weeks` weeks; their last Spring Festival may be longer than the declared one."""
    days = [dates.monday(-BURN_IN) + timedelta(days=number) for number in range(7 * (weeks + BURN_IN))]
    middles = [days[7 * index + 3] for index in range(weeks + BURN_IN)]
    years = range(days[0].year, days[-1].year + 1) if festival_kept else range(0)
    declared = [spring_closure(year) for year in years if days[0] <= spring_closure(year)[1] <= days[-1]]
    real = [*declared[:-1], *((start, start + timedelta(days=last_closure_days)) for start, _ in declared[-1:])]
    closed = {start + timedelta(days=number) for start, end in real for number in range((end - start).days)}
    open_share = np.array([day not in closed for day in days], dtype=np.float64).reshape(-1, 7).mean(axis=1)
    eves = [festival("spring_festival", year) for year in years]
    stocking = np.array([any(timedelta(0) < eve - day <= timedelta(days=17) for eve in eves) for day in middles])
    return Almanac(
        dates=dates,
        open_share=open_share,
        season=_seasons(middles, season) * np.where(stocking, STOCKING_UP, 1.0),
        quarter_end=np.array([(day + timedelta(days=14)).month % 3 == 1 and day.month % 3 == 0 for day in middles]),
        quiet=tuple(
            QuietPeriod(str(start), str(end), "Spring Festival") for start, end in declared if start >= dates.start
        ),
    )


def _seasons(days: list[date], season: tuple[float, ...]) -> Floats:
    """The factor of each day, moving evenly from the middle of one month to the middle of the next."""
    at = np.array([day.month - 1 + (day.day - 15) / 30 for day in days])
    return np.asarray(np.interp(at, np.arange(12.0), np.array(season), period=12.0), dtype=np.float64)


def instant_in(begins: int, day_of_week: Floats, hour: Floats) -> Instants:
    """Instants on whole seconds in the week that begins at an instant: day 0 is Monday, hours are local."""
    seconds = (day_of_week * 86_400 + hour * 3_600).astype(np.int64)
    return np.asarray(begins + seconds * (DAY_US // 86_400), dtype=np.int64)
