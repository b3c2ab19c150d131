"""Changes that become visible later than they are dated."""

from kqml.calendar.business_time import moment_of

LATE_COMMITS_US = 15 * 60 * 1_000_000
"""How long a change may stay invisible after the instant that it is dated by: a plan or a scoring of the whole company
is dated by its beginning, and seen when its transaction ends."""


def complete_until(now: int, time_zone: str) -> str:
    """Return the instant before which no change can appear later in a list that was read now."""
    return moment_of(now - LATE_COMMITS_US, time_zone).isoformat()
