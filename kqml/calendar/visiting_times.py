"""The times at which an account is visited: its weekdays, its time of day, its opening hours as text."""

import re

DAY_MINUTES = 24 * 60
WEEKDAYS = ("Mo", "Tu", "We", "Th", "Fr", "Sa", "Su")

Windows = tuple[tuple[int, int], ...]
"""Minutes of a day, `[start, end)` each, in order."""

_DAY = f"({'|'.join(WEEKDAYS)})"
_CLOCK = r"([01][0-9]|2[0-3]):[0-5][0-9]"
_SPAN = rf"{_CLOCK}-({_CLOCK}|24:00)"
_DAYS = rf"{_DAY}(-{_DAY})?(,{_DAY}(-{_DAY})?)*"
_RULE = rf"({_DAYS} )?({_SPAN}(,{_SPAN})*|off)"

VISIT_WEEKDAYS = rf"^{_DAY}(,{_DAY})*$"
"""Weekdays such as `Tu` or `Mo,Th`."""

VISIT_TIME = rf"^{_CLOCK}(-({_CLOCK}|24:00))?$"
"""A time of day such as `10:30`, or a range in which a visit begins such as `14:00-16:00`."""

OPENING_HOURS = rf"^(24/7|{_RULE}(; {_RULE})*)$"
"""The part of OpenStreetMap's notation that stores need: `Mo-Fr 09:00-12:00,14:00-18:00; Sa 10:00-13:00`. A later rule
replaces earlier ones on its days; days that no rule names are closed, `off` too."""


def weekdays_of(text: str) -> frozenset[int]:
    """Return the weekdays of VISIT_WEEKDAYS, Monday being 0."""
    return frozenset(map(WEEKDAYS.index, text.split(",")))


def start_window(text: str) -> tuple[int, int]:
    """Return the earliest and the latest minute of the day at which a visit by VISIT_TIME begins."""
    first, _, last = text.partition("-")
    return minute_of(first), minute_of(last or first)


def open_windows(text: str) -> tuple[Windows, ...]:
    """Return the open minutes of each weekday by OPENING_HOURS; hours past midnight end with the day."""
    if text == "24/7":
        return (((0, DAY_MINUTES),),) * len(WEEKDAYS)
    days: list[Windows] = [()] * len(WEEKDAYS)
    for rule in text.split("; "):
        named, _, hours = rule.rpartition(" ")
        for day in _days_named(named) if named else range(len(WEEKDAYS)):
            days[day] = () if hours == "off" else tuple(sorted(map(_span, hours.split(","))))
    return tuple(days)


def minute_of(clock: str) -> int:
    """Return the minute of the day of a clock time such as `09:30`."""
    hours, minutes = clock.split(":")
    return int(hours) * 60 + int(minutes)


def clock_of(minute: int) -> str:
    """Return the clock time of a minute of the day."""
    return f"{minute // 60:02d}:{minute % 60:02d}"


def _span(text: str) -> tuple[int, int]:
    start, end = map(minute_of, text.split("-"))
    return start, end if end > start else DAY_MINUTES


def _days_named(text: str) -> set[int]:
    days: set[int] = set()
    for first, last in re.findall(rf"{_DAY}(?:-{_DAY})?", text):
        start, length = WEEKDAYS.index(first), WEEKDAYS.index(last or first) - WEEKDAYS.index(first)
        days |= {(start + step) % len(WEEKDAYS) for step in range(length % len(WEEKDAYS) + 1)}
    return days
