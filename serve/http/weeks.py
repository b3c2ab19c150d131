"""ISO weeks in requests."""

from kqml.calendar.business_time import moment_of
from kqml.duties import Period
from kqml.duties import week as week_named
from kqml.duties.period import week_name
from kqml.errors import BadUse
from serve.http.problems import ProblemItem, invalid_request

WEEK = r"^20[0-8][0-9]-W(0[1-9]|[1-4][0-9]|5[0-3])$"
"""From 2000 to 2089: the lunar calendar is known until 2100."""


def parse_week(name: str | None, pointer: str | None = None) -> Period | None:
    """Return the week of a name such as 2024-W07; None for None. `pointer`: to the field of the body that holds it,
    None for the query parameter. Raises ProblemError where its year has no such week."""
    if name is None:
        return None
    try:
        return week_named(name)
    except BadUse:
        detail = f"{name!r} is not a week of its year"
        item = ProblemItem("", detail, "week") if pointer is None else ProblemItem(pointer, detail)
        raise invalid_request([item]) from None


def present_week(now: int, time_zone: str) -> Period:
    """Return the week of an instant."""
    return week_named(week_name(moment_of(now, time_zone).date()))
