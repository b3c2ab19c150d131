"""An account's tier at a cutoff, from its tier now with the changes of it that had become known."""

from collections.abc import Mapping, Sequence
from typing import Any

from kqml.calendar.business_time import DAY_US
from kqml.events import EventKind
from kqml.history.builders import read_instant

CHANGED = EventKind.TIER_CHANGED.code


def tier_at(cutoff: int, now: str | None, events: Sequence[Mapping[str, Any]], lag_days: float) -> str | None:
    """What the latest known change says, else what the first change changed, else the tier now. Where the first change
    does not say it, a tier that no change brought stays: the table was never changed."""
    changes = sorted((_change(event, lag_days) for event in events if event["kind"] == CHANGED), key=lambda c: c[0])
    if not changes:
        return now
    known = [to for occurred, known_at, _, to in changes if max(occurred, known_at) < cutoff]
    if known:
        return known[-1]
    before, later = changes[0][2], [to for *_, to in changes]
    return now if before is None and now not in later else before


def _change(event: Mapping[str, Any], lag_days: float) -> tuple[int, int, str | None, str | None]:
    """When it occurred, when it was known, from which tier, to which."""
    occurred = read_instant(event["occurred_at"])
    text = event.get("known_at")
    known = occurred + round(lag_days * DAY_US) if text is None else read_instant(text)
    attributes = event.get("attributes") or {}
    return occurred, known, _word(attributes.get("from")), _word(attributes.get("to"))


def _word(value: Any) -> str | None:
    return value if isinstance(value, str) else None
