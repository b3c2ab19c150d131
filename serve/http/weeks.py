"""The ISO week that a request asks for."""

from kqml.calendar.business_time import moment_of
from kqml.duties import Period
from kqml.duties import week as week_named
from kqml.duties.period import week_name
from kqml.errors import BadUse
from serve.http.problems import ProblemItem, invalid_request

WEEK = r"^20[0-8][0-9]-W(0[1-9]|[1-4][0-9]|5[0-3])$"
"""From 2000 to 2089: the lunar calendar is known until 2100."""


def requested_week(name: str | None, now: int, time_zone: str) -> Period:
    """The week named, else the present one. Raises ProblemError where its year has no such week."""
    try:
        return week_named(name or _week_at(now, time_zone))
    except BadUse:
        raise invalid_request([ProblemItem("", f"{name!r} is not a week of its year", "week")]) from None


def _week_at(now: int, time_zone: str) -> str:
    return week_name(moment_of(now, time_zone).date())
