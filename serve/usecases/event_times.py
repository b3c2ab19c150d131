"""Faults in the times of events that requests send."""

from collections.abc import Iterator, Mapping
from typing import Any

from kqml.history.builders import read_instant
from kqml.moments import MAY_LIE_AHEAD, first_ahead

_COLUMNS = ("occurred_at", "known_at", "due_at")


def time_faults(event: Mapping[str, Any], now: int) -> Iterator[tuple[str, str]]:
    """Yield each column of an event whose time no calendar has or that lies in the future, with the fault.

    Times before 1990 are left to the pattern of the schema.
    """
    limit = first_ahead(now)
    for column in _COLUMNS:
        text = event.get(column)
        if text is None:
            continue
        try:
            instant = read_instant(text)
        except ValueError:
            yield column, f"{text!r} is not a valid date"
            continue
        if instant >= limit and column not in MAY_LIE_AHEAD:
            yield column, f"{text!r} is in the future; send events once they have happened"
