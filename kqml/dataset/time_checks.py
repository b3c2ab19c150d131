"""Times of events that come from outside: those that cannot be true by the rule of kqml.moments."""

from collections.abc import Iterable
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from kqml.dataset.tables import INSTANT
from kqml.errors import Fault, Refused
from kqml.events import EventKind
from kqml.moments import FIRST_YEAR, first_ahead, first_plausible


@dataclass(frozen=True)
class ImplausibleEvents:
    """Ids of events before the first plausible year, and of those in the future that no event retracts."""

    early: tuple[str, ...]
    ahead: tuple[str, ...]


def implausible_events(parts: Iterable[pa.Table], now: int) -> ImplausibleEvents:
    """Return the events of a dataset whose time cannot be true, seen from `now`."""
    early: list[str] = []
    ahead: list[str] = []
    retracted: set[str] = set()
    for part in parts:
        ids, moments = part["event_id"], part["occurred_at"]
        early += ids.filter(pc.less(moments, pa.scalar(first_plausible(), INSTANT))).to_pylist()
        ahead += ids.filter(pc.greater_equal(moments, pa.scalar(first_ahead(now), INSTANT))).to_pylist()
        if "ref" in part.column_names:
            is_retraction = pc.equal(part["kind"].cast(pa.string()), EventKind.EVENT_RETRACTED.code)
            retracted |= set(part["ref"].filter(is_retraction).to_pylist())
    return ImplausibleEvents(tuple(early), tuple(name for name in ahead if name not in retracted))


def require_plausible_times(label: str, parts: Iterable[pa.Table], now: int) -> None:
    """Raise Refused where events of a dataset cannot have happened; `label`: where they come from."""
    events = implausible_events(parts, now)
    faults = [
        Fault(f"{label}, events.occurred_at", f"{what}: {len(ids):,} events, such as {ids[0]!r}", todo)
        for ids, what, todo in (
            (events.early, f"before {FIRST_YEAR}", "correct the dates"),
            (events.ahead, "in the future", "correct the dates, or retract the events"),
        )
        if ids
    ]
    if faults:
        raise Refused(f"The events of {label} cannot be used.", faults)
