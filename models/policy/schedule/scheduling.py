"""The open actions of a rep's week put into its days."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date

from kqml.contract.rep_days import DayFlag, LeftOutCode
from models.policy.schedule.day_plan import DayPlan, Insertion
from models.policy.schedule.routing import RoutedVisit, shortest_routes
from models.policy.schedule.week_schedule import (
    LeftOutAction,
    OpenAction,
    WeekSchedule,
    WorkingDay,
    number_parts,
)

LEAST_GAIN_KM = 0.01


def schedule_week(actions: Sequence[OpenAction], days: Sequence[WorkingDay], km_per_hour: float) -> WeekSchedule:
    """Return each action on at most one of the days, in order; the same input gives the same days.

    `actions`: the more important ones first. `days`: from today on, in order. Placed in this order: what the rep
    scheduled, on its day; required actions by due day; visits with fixed weekdays; all others. A day's minutes are
    exceeded only by the first two. Of the days that remain, an action gets the one of its route, then the one with
    the least additional way, then the one with most time left (required actions: the earliest). Then visits change
    their days and order where that makes the ways shorter.
    """
    week = _Week([DayPlan(day, km_per_hour) for day in days], km_per_hour)
    left_out = [LeftOutAction(action, why) for action in sorted(actions, key=_urgency) if (why := week.put(action))]
    week.shorten()
    left_out = [left for left in left_out if left.why != "no_room" or week.put(left.action)]
    return number_parts(WeekSchedule(tuple(plan.scheduled() for plan in week.plans), tuple(left_out)))


def _urgency(action: OpenAction) -> tuple[int, date, int]:
    """Sorting is stable, so the order of equal ones is that of the input."""
    if action.day is not None:
        return 0, action.day, action.minute or 0
    group = 1 if action.required else 2 if action.visiting.weekdays else 3
    return group, action.due or date.max, 0


class _Week:
    """The days of the week while actions are put into them."""

    def __init__(self, plans: list[DayPlan], km_per_hour: float) -> None:
        self.plans = plans
        self._km_per_hour = km_per_hour

    def put(self, action: OpenAction) -> LeftOutCode | None:
        """Put the action into a day; return why none takes it."""
        if action.is_fixed:
            return self._put_on_its_day(action)
        for days, flags in self._choices(action):
            if options := _insertions(action, days, over_minutes="over_minutes" in flags):
                plan, insertion = min(options, key=lambda option: self._rank(action, *option))
                plan.put(action, insertion, flags)
                return None
        return self._why_not(action)

    def shorten(self) -> None:
        """Give visits with coordinates the days and the order with the shortest ways, else the order within their
        days."""
        visits = [
            RoutedVisit(action, self._days_for_routing(number, action))
            for number, plan in enumerate(self.plans)
            for action in plan.order
            if action.coordinates is not None
        ]
        if len(visits) > 2 and not self._reroute(visits):
            for number, plan in enumerate(self.plans):
                own = [RoutedVisit(visit.action, frozenset({number})) for visit in visits if visit.action in plan.order]
                if len(own) > 2:
                    self._reroute(own, [number])

    def _days_for_routing(self, number: int, action: OpenAction) -> frozenset[int]:
        """The days with visits on which a visit may be without giving up more; its own day where more than the way
        decided it. Of an action with parts the first one moves, to days without the others."""
        plan = self.plans[number]
        if action.is_fixed or action.part > 1 or action.route or plan.flags[action.action_id, action.part]:
            return frozenset({number})
        return frozenset(
            index
            for index, other in enumerate(self.plans)
            if any(each.coordinates is not None for each in other.order)
            and other.day.is_open
            and _is_on_weekday(action, other)
            and (other is plan or not _has_part(other, action))
            and (action.due is None or other.day.day <= action.due)
        )

    def _reroute(self, visits: Sequence[RoutedVisit], numbers: Sequence[int] = ()) -> bool:
        """Use the shortest ways through the visits of some days (none: all); return whether they are shorter."""
        result = shortest_routes(visits, [plan.capacity for plan in self.plans], self._km_per_hour)
        if result is None:
            return False
        indices = numbers or range(len(self.plans))
        plans = [self.plans[index].rerouted([visits[step].action for step in result[index]]) for index in indices]
        flags = {key: value for plan in self.plans for key, value in plan.flags.items()}
        before = sum(self.plans[index].km for index in indices)
        if any(plan is None for plan in plans) or sum(plan.km for plan in plans if plan) > before - LEAST_GAIN_KM:
            return False
        for index, plan in zip(indices, plans, strict=True):
            assert plan is not None
            plan.flags = {(each.action_id, each.part): flags[each.action_id, each.part] for each in plan.order}
            self.plans[index] = plan
        return True

    def _put_on_its_day(self, action: OpenAction) -> LeftOutCode | None:
        plan = next((plan for plan in self.plans if plan.day.day == action.day), None)
        if plan is None:
            return "later"
        insertion = plan.insertion(action, over_minutes=True)
        if insertion is None:
            return "no_room"
        over = not plan.day.is_open or insertion.timeline.used > plan.day.minutes
        plan.put(action, insertion, ("over_minutes",) if over else ())
        return None

    def _choices(self, action: OpenAction) -> Iterator[tuple[list[DayPlan], tuple[DayFlag, ...]]]:
        """The days on which the action may be, with what is given up for it, the better ones first."""
        days = [plan for plan in self.plans if plan.day.is_open and not _has_part(plan, action)]
        if not action.required:
            yield [plan for plan in days if _is_on_weekday(action, plan)], ()
            return
        in_time = [plan for plan in days if action.due is None or plan.day.day <= action.due]
        on_weekday = [plan for plan in in_time if _is_on_weekday(action, plan)]
        yield on_weekday, ()
        yield on_weekday, ("over_minutes",)
        yield in_time, ("off_weekday",)
        yield in_time, ("off_weekday", "over_minutes")
        late: list[tuple[list[DayPlan], tuple[DayFlag, ...]]] = [
            ([plan], ("late",) if _is_on_weekday(action, plan) else ("late", "off_weekday")) for plan in days
        ]
        yield from late
        yield from ((plans, (*flags, "over_minutes")) for plans, flags in late)

    def _rank(self, action: OpenAction, plan: DayPlan, insertion: Insertion) -> tuple[float, bool, float, float, date]:
        over = max(0.0, insertion.timeline.used - plan.day.minutes)
        free = 0.0 if action.required else -round(plan.free, 3)
        return round(over, 3), self._off_route(action, plan), round(insertion.km, 3), free, plan.day.day

    def _off_route(self, action: OpenAction, plan: DayPlan) -> bool:
        """Whether the action's route is on another day, or another route on this one."""
        if action.route is None or action.route in plan.routes:
            return False
        return bool(plan.routes) or any(action.route in other.routes for other in self.plans)

    def _why_not(self, action: OpenAction) -> LeftOutCode:
        """Why no day takes the action: the first condition that none of the days fulfils."""
        working = [plan for plan in self.plans if not plan.day.is_off]
        on_weekday = [plan for plan in working if action.required or _is_on_weekday(action, plan)]
        present = [plan for plan in on_weekday if plan.day.is_open]
        open_days = [plan for plan in present if _is_open(action, plan)]
        if not working:
            return "no_day"
        if not on_weekday:
            return "weekday_over"
        if not present:
            return "rep_absent"
        if not open_days:
            return "closed"
        return "no_day" if all(_has_part(plan, action) for plan in open_days) else "no_room"


def _insertions(
    action: OpenAction, plans: Iterable[DayPlan], *, over_minutes: bool = False
) -> list[tuple[DayPlan, Insertion]]:
    options = ((plan, plan.insertion(action, over_minutes=over_minutes)) for plan in plans)
    return [(plan, insertion) for plan, insertion in options if insertion is not None]


def _has_part(plan: DayPlan, action: OpenAction) -> bool:
    """Whether another part of the action is on the day."""
    return any(other.action_id == action.action_id for other in plan.order)


def _is_on_weekday(action: OpenAction, plan: DayPlan) -> bool:
    weekdays = action.visiting.weekdays if action.is_visit else None
    return not weekdays or plan.day.day.weekday() in weekdays


def _is_open(action: OpenAction, plan: DayPlan) -> bool:
    """Whether the store takes the action at some time of the day that the rep works."""
    day, last = plan.day, plan.day.closes - action.duration
    return any(max(first, day.opens) <= min(latest, last) for first, latest in action.windows[day.day.weekday()])
