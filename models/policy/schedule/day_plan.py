"""A day while actions are put into it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from kqml.contract.rep_days import DayFlag
from models.policy.schedule.distances import km_of
from models.policy.schedule.routing import DayCapacity
from models.policy.schedule.timeline import Timeline, day_timeline
from models.policy.schedule.week_schedule import OpenAction, ScheduledAction, ScheduledDay, WorkingDay

ROUNDING = 1e-6


@dataclass(frozen=True)
class Insertion:
    """An order of a day's actions with one more. `km`: how much longer the way becomes."""

    order: tuple[OpenAction, ...]
    timeline: Timeline
    km: float
    flags: tuple[DayFlag, ...] = ()


@dataclass
class DayPlan:
    """The actions of a day in order, and what was given up for each, by action and part."""

    day: WorkingDay
    km_per_hour: float
    order: tuple[OpenAction, ...] = ()
    flags: dict[tuple[str, int], tuple[DayFlag, ...]] = field(default_factory=dict)

    @property
    def free(self) -> float:
        """The minutes that are left."""
        timeline = day_timeline(self.day, self.order, self.km_per_hour)
        return self.day.minutes - (0.0 if timeline is None else timeline.used)

    @property
    def routes(self) -> frozenset[str]:
        """The routes of the day's visits."""
        return frozenset(action.route for action in self.order if action.route is not None)

    def insertion(self, action: OpenAction, *, over_minutes: bool = False) -> Insertion | None:
        """Return the order with the shortest way, then the earliest end, that the action fits into; None for none.

        `over_minutes`: the day's minutes may be exceeded.
        """
        now = km_of(list(self.order)) or 0.0
        options: list[tuple[float, float, int, Insertion]] = []
        for position in range(len(self.order), -1, -1):
            order = (*self.order[:position], action, *self.order[position:])
            timeline = day_timeline(self.day, order, self.km_per_hour)
            if timeline is None or not (over_minutes or timeline.used <= self.day.minutes + ROUNDING):
                continue
            km = (km_of(list(order)) or 0.0) - now
            options.append((round(km, 3), round(timeline.ends, 3), len(options), Insertion(order, timeline, km)))
        return min(options, key=lambda option: option[:3])[3] if options else None

    def put(self, action: OpenAction, insertion: Insertion, flags: Iterable[DayFlag] = ()) -> None:
        """Put the action into the day."""
        self.order = insertion.order
        self.flags[action.action_id, action.part] = tuple(flags)

    @property
    def km(self) -> float:
        """The way through the visits with coordinates."""
        return km_of(list(self.order)) or 0.0

    @property
    def capacity(self) -> DayCapacity:
        """The minutes for visits with coordinates: those that the other actions leave, at least those used now."""
        located = sum(action.minutes for action in self.order if action.coordinates is not None)
        others = sum(action.minutes for action in self.order if action.coordinates is None)
        return DayCapacity(self.day, max(located, self.day.minutes - others))

    def rerouted(self, visits: Sequence[OpenAction]) -> "DayPlan | None":
        """Return the day with these visits with coordinates in this order, the other actions put in again; None where
        they do not fit. `flags` are left to the caller."""
        plan = DayPlan(self.day, self.km_per_hour, tuple(visits), self.flags)
        for action in self.order:
            if action.coordinates is None:
                insertion = plan.insertion(action, over_minutes=True)
                if insertion is None:
                    return None
                plan.order = insertion.order
        before, after = (day_timeline(self.day, order, self.km_per_hour) for order in (self.order, plan.order))
        limit = max(self.day.minutes, 0.0 if before is None else before.used)
        return None if after is None or after.used > limit + ROUNDING else plan

    def scheduled(self) -> ScheduledDay:
        """Return the day with the times of its actions."""
        timeline = day_timeline(self.day, self.order, self.km_per_hour)
        assert timeline is not None
        actions = tuple(
            ScheduledAction(action, start, round(start + action.duration), self._flags(action, timeline))
            for action, start in zip(self.order, timeline.starts, strict=True)
        )
        return ScheduledDay(self.day, actions, timeline.used, km_of(list(self.order)))

    def _flags(self, action: OpenAction, timeline: Timeline) -> tuple[DayFlag, ...]:
        flags = self.flags[action.action_id, action.part]
        if "over_minutes" in flags and timeline.used <= self.day.minutes + ROUNDING:
            return tuple(flag for flag in flags if flag != "over_minutes")
        return flags
