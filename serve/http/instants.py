"""Instants among the parameters of a query."""

from kqml.history.builders import read_instant
from serve.http.problems import ProblemError, ProblemItem, invalid_request

EARLIEST = 946_684_800_000_000
"""2000-01-01 UTC: no data of the service are older."""


def parse_past_instant(text: str | None, parameter: str, now: int) -> int | None:
    """Return an instant between 2000 and now; None for None. Raises ProblemError where it is none, names the
    parameter."""
    if text is None:
        return None
    try:
        at = read_instant(text)
    except ValueError:
        raise _faulty("names a day that its month does not have", parameter) from None
    if not EARLIEST <= at <= now:
        raise _faulty("is not between the year 2000 and now", parameter)
    return at


def _faulty(detail: str, parameter: str) -> ProblemError:
    return invalid_request([ProblemItem("", detail, parameter)])
