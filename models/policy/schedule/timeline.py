"""The times of a day's actions in a given order."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

from models.policy.schedule.distances import excess_minutes
from models.policy.schedule.week_schedule import OpenAction, WorkingDay


@dataclass(frozen=True)
class Timeline:
    """The minute of the day at which each action starts; `used`: minutes of the rep; `ends`: when the last one is
    over."""

    starts: tuple[int, ...]
    used: float
    ends: float


def day_timeline(day: WorkingDay, actions: Sequence[OpenAction], km_per_hour: float) -> Timeline | None:
    """Return the earliest times at which the actions can be done in this order; None where one cannot.

    An action that the rep scheduled starts at its minute whatever the hours say; two of them may overlap.
    """
    clock, used, starts = float(day.opens), 0.0, []
    visited: OpenAction | None = None
    before: OpenAction | None = None
    for action in actions:
        extra = excess_minutes(visited, action, km_per_hour)
        start = _start(day, action, clock + extra, before is not None and before.is_fixed)
        if start is None:
            return None
        starts.append(start)
        used += action.minutes + extra
        clock = max(clock, start + max(action.minutes, action.duration))
        visited, before = (action if action.coordinates is not None else visited), action
    return Timeline(tuple(starts), used, clock)


def _start(day: WorkingDay, action: OpenAction, arrival: float, after_fixed: bool) -> int | None:
    if action.minute is not None:
        return action.minute if after_fixed or arrival <= max(action.minute, day.opens) else None
    last = day.closes - action.duration
    for first, latest in action.windows[day.day.weekday()]:
        start = ceil(max(arrival, first))
        if start <= min(latest, last):
            return start
    return None
