"""The working days that a rep has left in a week."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta

import numpy as np

from kqml.calendar.visiting_times import DAY_MINUTES
from kqml.calendar.workdays import workdays
from kqml.duties.period import Period, day_number
from kqml.duties.reps import DutyRep
from kqml.playbook import Playbook
from models.policy.schedule.week_schedule import WorkingDay


@dataclass(frozen=True)
class RepAvailability:
    """A rep's minutes of a week (None: the playbook's), when the rep is away, the minutes used already per day."""

    rep: DutyRep
    minutes_per_week: float | None = None
    done: Mapping[date, float] = field(default_factory=dict)


def working_days(
    hours: RepAvailability, week: Period, playbook: Playbook, today: date, minute: int
) -> list[WorkingDay]:
    """Return the days of the week from `today` on; today's contacts begin at `minute` of the day at the earliest.

    Each working day has the same share of the week's minutes, unless the playbook says how many a day has. Where the
    calendar frees the whole week, all its days are working days.
    """
    days = [week.first + timedelta(step) for step in range((week.last - week.first).days + 1)]
    working = workdays(playbook.country).between(week.first, week.last)
    working = working if working.any() else np.ones(len(days), dtype=np.bool_)
    of_week = playbook.rep.minutes_per_week if hours.minutes_per_week is None else hours.minutes_per_week
    minutes = playbook.workday.minutes or of_week / int(working.sum())
    start = playbook.workday.start.hour * 60 + playbook.workday.start.minute
    numbers = np.array([day_number(day) for day in days], dtype=np.int64)
    absent = ~hours.rep.employed_on(numbers) | hours.rep.absent(numbers)
    return [
        WorkingDay(
            day=day,
            minutes=max(0.0, minutes - hours.done.get(day, 0.0)) if works and not away else 0.0,
            opens=max(start, minute) if day == today else start,
            closes=DAY_MINUTES,
            is_off=not works,
            absent=bool(away),
        )
        for day, works, away in zip(days, working.tolist(), absent.tolist(), strict=True)
        if day >= today
    ]
