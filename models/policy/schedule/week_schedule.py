"""The values of a rep's week by day: open actions and working days in, scheduled days out."""

from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property

from kqml.calendar.visiting_times import DAY_MINUTES, WEEKDAYS, Windows
from kqml.contract.rep_days import DayFlag, LeftOutCode

Coordinates = tuple[float, float]
"""Latitude and longitude in degrees."""


@dataclass(frozen=True, kw_only=True)
class VisitingRules:
    """When a store is visited: its weekdays (Monday 0), the minutes of the day in which a visit begins, its open
    minutes per weekday, its route, where it is. None: not known, so not kept."""

    weekdays: frozenset[int] | None = None
    begins: tuple[int, int] | None = None
    hours: tuple[Windows, ...] | None = None
    route: str | None = None
    coordinates: Coordinates | None = None


@dataclass(frozen=True, kw_only=True)
class OpenAction:
    """One contact of an open action. `minutes`: of the rep's day, with the way; `duration`: of the contact itself.

    `part` of `parts`: the parts of an action lie on different days. `due`: the last day of a required action. `day`,
    `minute`: where the rep scheduled it. `visiting` is for visits; a call keeps the store's hours only.
    """

    action_id: str
    minutes: float
    duration: float
    is_visit: bool = True
    part: int = 1
    parts: int = 1
    required: bool = False
    due: date | None = None
    day: date | None = None
    minute: int | None = None
    visiting: VisitingRules = field(default_factory=VisitingRules)

    @property
    def route(self) -> str | None:
        """The route of a visit."""
        return self.visiting.route if self.is_visit else None

    @property
    def coordinates(self) -> Coordinates | None:
        """Where a visit takes place."""
        return self.visiting.coordinates if self.is_visit else None

    @property
    def is_fixed(self) -> bool:
        """Whether the rep scheduled it."""
        return self.day is not None

    @cached_property
    def windows(self) -> tuple[Windows, ...]:
        """The minutes of each weekday in which it may begin, both ends included."""
        return tuple(map(self._windows, range(len(WEEKDAYS))))

    def _windows(self, weekday: int) -> Windows:
        hours = self.visiting.hours
        spans: Windows = ((0, DAY_MINUTES),) if hours is None else hours[weekday]
        low, high = self.visiting.begins if self.is_visit and self.visiting.begins else (0, DAY_MINUTES)
        begins = ((max(start, low), min(int(end - self.duration), high)) for start, end in spans)
        return tuple((first, last) for first, last in begins if first <= last)


@dataclass(frozen=True, kw_only=True)
class WorkingDay:
    """A day from now on: the minutes that the rep has left, the minutes of the day between which contacts are made.
    `is_off`: no working day; `absent`: the rep is away."""

    day: date
    minutes: float
    opens: int
    closes: int
    is_off: bool = False
    absent: bool = False

    @property
    def is_open(self) -> bool:
        """Whether the rep works."""
        return not (self.is_off or self.absent)


@dataclass(frozen=True)
class ScheduledAction:
    """An action with the minutes of the day from `start` to `end`; flags say what was given up for it."""

    action: OpenAction
    start: int
    end: int
    flags: tuple[DayFlag, ...] = ()


@dataclass(frozen=True)
class LeftOutAction:
    """An action without a day, and why."""

    action: OpenAction
    why: LeftOutCode


@dataclass(frozen=True)
class ScheduledDay:
    """A day with its actions in order. `used`: minutes of the rep; `km`: between the stores whose coordinates are
    known, as the crow flies, None without two of them."""

    day: WorkingDay
    actions: tuple[ScheduledAction, ...] = ()
    used: float = 0.0
    km: float | None = None


@dataclass(frozen=True)
class WeekSchedule:
    """The days of a week and what does not fit into them."""

    days: tuple[ScheduledDay, ...]
    left_out: tuple[LeftOutAction, ...] = ()


def parts_of(action: OpenAction, visits: int) -> list[OpenAction]:
    """Return the action as one contact for each of its visits, which share its minutes."""
    parts = max(visits, 1)
    return [replace(action, minutes=action.minutes / parts, part=part, parts=parts) for part in range(1, parts + 1)]


def number_parts(week: WeekSchedule) -> WeekSchedule:
    """Return the week with the parts of each action, which are alike, numbered in the order of their days."""
    seen: Counter[str] = Counter()

    def numbered(action: OpenAction) -> OpenAction:
        seen[action.action_id] += 1
        return replace(action, part=seen[action.action_id])

    days = tuple(
        replace(day, actions=tuple(replace(each, action=numbered(each.action)) for each in day.actions))
        for day in week.days
    )
    return WeekSchedule(days, tuple(replace(left, action=numbered(left.action)) for left in week.left_out))
