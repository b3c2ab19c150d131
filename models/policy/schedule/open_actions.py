"""Open decisions as contacts to put into days: their minutes, their number of visits, the rules of their store."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from kqml.calendar.visiting_times import (
    DAY_MINUTES,
    WEEKDAYS,
    Windows,
    open_windows,
    start_window,
    weekdays_of,
)
from kqml.playbook import Playbook
from kqml.playbook.contact import QuietHours
from models.policy.schedule.week_schedule import OpenAction, VisitingRules, parts_of


@dataclass(frozen=True, kw_only=True)
class OpenDecision:
    """A decision that is not done. `due`: the last day of a required one; `day`, `minute`: where the rep scheduled it;
    `roles`: of the account's contacts; `account`: columns of `accounts`."""

    decision_id: str
    action: str
    account: Mapping[str, Any]
    roles: tuple[str, ...] = ()
    required: bool = False
    due: date | None = None
    day: date | None = None
    minute: int | None = None


def open_actions(decision: OpenDecision, playbook: Playbook) -> list[OpenAction]:
    """Return the contacts of a decision, one for each of its visits; what the rep scheduled is one contact.

    A visit is planned to take the minutes of the contacts' roles, at most those of the action.
    """
    rule = next((action for action in playbook.actions if action.name == decision.action), None)
    visits = 0 if rule is None else rule.contacts.get("visit", 0)
    parts = 1 if decision.day is not None else max(visits, 1)
    minutes = 0.0 if rule is None else rule.minutes
    action = OpenAction(
        action_id=decision.decision_id,
        minutes=minutes,
        duration=min(minutes / parts, playbook.visit.minutes_with(decision.roles)) if visits else minutes,
        is_visit=visits > 0,
        required=decision.required,
        due=decision.due,
        day=decision.day,
        minute=decision.minute,
        visiting=visiting_rules(decision.account, playbook.limits.quiet_hours),
    )
    return parts_of(action, parts)


def visiting_rules(account: Mapping[str, Any], quiet: QuietHours) -> VisitingRules:
    """Return the rules of a store by its columns; nobody is contacted in the quiet hours."""
    weekdays, begins, hours = (account.get(name) for name in ("visit_weekdays", "visit_time", "opening_hours"))
    latitude, longitude = account.get("latitude"), account.get("longitude")
    days = ((((0, DAY_MINUTES),),) * len(WEEKDAYS)) if hours is None else open_windows(hours)
    return VisitingRules(
        weekdays=None if weekdays is None else weekdays_of(weekdays),
        begins=None if begins is None else start_window(begins),
        hours=tuple(_outside(spans, _loud_windows(quiet)) for spans in days),
        route=account.get("route"),
        coordinates=None if latitude is None or longitude is None else (latitude, longitude),
    )


def _loud_windows(quiet: QuietHours) -> Windows:
    """The minutes of a day in which contact is allowed."""
    start, end = (clock.hour * 60 + clock.minute for clock in (quiet.start, quiet.end))
    return ((0, start), (end, DAY_MINUTES)) if start <= end else ((end, start),)


def _outside(spans: Iterable[tuple[int, int]], allowed: Windows) -> Windows:
    both = ((max(start, first), min(end, last)) for start, end in spans for first, last in allowed)
    return tuple((start, end) for start, end in both if start < end)
