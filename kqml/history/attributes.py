"""An account's tier, owner, status and consent: the events that change them, the value known at a cutoff."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from kqml.calendar.business_time import DAY_US
from kqml.events import KINDS, EventKind
from kqml.history.builders import read_instant
from kqml.history.retractions import NEVER

STATUS_AFTER: Mapping[EventKind, str] = {
    EventKind.ACCOUNT_REOPENED: "active",
    EventKind.ACCOUNT_SUSPENDED: "suspended",
    EventKind.ACCOUNT_CLOSED: "closed",
    EventKind.ACCOUNT_TRANSFERRED: "transferred",
}
"""Kinds that change the status of an account → the status after it; an account without one is active."""

IN_BUSINESS_AFTER = np.array([STATUS_AFTER.get(kind) == "active" for kind in KINDS])
"""Per `EventKind.number` whether an account is in business after a change of its status."""

ENDING = tuple(kind for kind, status in STATUS_AFTER.items() if status != "active")
"""Kinds after which an account is not in business until it is reopened."""

TEXT_COLUMNS: Mapping[EventKind, str] = {
    EventKind.TIER_CHANGED: "tier",
    EventKind.CREDIT_CHANGED: "credit_grade",
    EventKind.REP_ASSIGNED: "owner_rep_id",
}
"""Kinds that change a column of text of an account; `attributes.from` and `to` say how, for the owner `rep_id`."""

CHANGED_COLUMN: Mapping[EventKind, str] = {
    **TEXT_COLUMNS,
    **dict.fromkeys(STATUS_AFTER, "status"),
    EventKind.CONSENT_CHANGED: "attributes",
}
"""Kinds that change an account → the column that they change; consent is a key of `attributes`."""


Times: TypeAlias = tuple[int, int, int]
"""When a change happened, was visible, was retracted."""

KINDS_OF: Mapping[str, tuple[EventKind, ...]] = {
    **{column: (kind,) for kind, column in TEXT_COLUMNS.items()},
    "status": tuple(STATUS_AFTER),
    "consent": (EventKind.CONSENT_CHANGED,),
}
"""Attribute of an account → the kinds of events that change it."""

UNSAID = "\0unsaid"
"""`before` of a change that does not say what it replaced."""

ANY_TIME = (0, 0, NEVER)
"""The times of a change of which only the values matter."""


@dataclass(frozen=True)
class AttributeChange:
    """A change of one attribute. `before`: the value that it replaced, or UNSAID; `after`: the one that it brought.
    `visible_at`, `retracted_at`: cutoffs after the first and not after the second know of it."""

    occurred_at: int
    visible_at: int
    retracted_at: int
    before: Any
    after: Any


def value_at(cutoff: int, now: Any, changes: Sequence[AttributeChange], otherwise: Any = None) -> Any:
    """Return an attribute's value at a cutoff, given the value of now and its changes in order of time.

    It is that of the latest change known, else the one before the first change.
    """
    latest = latest_known(cutoff, changes)
    return value_before(now, changes, otherwise) if latest is None else latest.after


def latest_known(cutoff: int, changes: Sequence[AttributeChange]) -> AttributeChange | None:
    """Return the last to happen of the changes that a cutoff knows of."""
    known = (change for change in reversed(changes) if change.visible_at < cutoff <= change.retracted_at)
    return next(known, None)


def value_before(now: Any, changes: Sequence[AttributeChange], otherwise: Any = None) -> Any:
    """Return the value before the first of some changes; without changes the value of now.

    Where the first change does not say it, a value of now that no change brought was there all the time: the table was
    never changed. Else the value is unknown: `otherwise`.
    """
    if not changes:
        return now
    first = changes[0].before
    if first != UNSAID:
        return first
    return otherwise if now in [change.after for change in changes] else now


def change_of(kind: EventKind, times: Times, note: Mapping[str, Any], rep_id: str | None = None) -> AttributeChange:
    """Return the change that an event of one of CHANGED_COLUMN is; `note`: its attributes, which say `from` and `to`.

    A status says what it was before by its kind at the latest; an owner is `rep_id`; consent is a truth.
    """
    if kind in STATUS_AFTER:
        before = note.get("from", "active" if kind in ENDING else "suspended")
        return AttributeChange(*times, text_or_none(before), STATUS_AFTER[kind])
    if kind is EventKind.CONSENT_CHANGED:
        given = has_consent(note, "from") if "from" in note else UNSAID
        return AttributeChange(*times, given, has_consent(note, "to"))
    after = rep_id if kind is EventKind.REP_ASSIGNED else text_or_none(note.get("to"))
    return AttributeChange(*times, text_or_none(note["from"]) if "from" in note else UNSAID, after)


def text_or_none(value: object) -> str | None:
    return value if isinstance(value, str) else None


def has_consent(attributes: Mapping[str, Any], key: str = "consent") -> bool:
    """Consent is given unless something says that it is not."""
    return attributes.get(key) is not False


def in_business(status: str | None) -> bool:
    """An account without a status is in business."""
    return status in (None, "active")


def attribute_at(
    attribute: str, cutoff: int, now: Any, events: Sequence[Mapping[str, Any]], lag_days: float = 0.0
) -> Any:
    """Return an attribute of KINDS_OF at a cutoff, given its value of now and the account's events as records."""
    return value_at(cutoff, now, changes_among(attribute, events, lag_days))


def changes_among(attribute: str, events: Sequence[Mapping[str, Any]], lag_days: float = 0.0) -> list[AttributeChange]:
    """Return the changes of an attribute of KINDS_OF among the events of one account, in order of time."""
    kinds = {kind.code: kind for kind in KINDS_OF[attribute]}
    retracted = retracted_ids(events)
    changes = []
    for event in events:
        if event["kind"] in kinds:
            until = retracted.get(event.get("event_id") or "", NEVER)
            times = (*occurrence(event, lag_days), until)
            changes.append(change_of(kinds[event["kind"]], times, event.get("attributes") or {}, event.get("rep_id")))
    return sorted(changes, key=lambda change: change.occurred_at)


def retracted_ids(events: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    """Return the ids of events of one account that others retract → the instant after which no cutoff counts them."""
    result: dict[str, int] = {}
    for event in events:
        if event["kind"] == EventKind.EVENT_RETRACTED.code and event.get("ref") is not None:
            visible = occurrence(event)[1]
            result[event["ref"]] = min(visible, result.get(event["ref"], visible))
    return result


def occurrence(event: Mapping[str, Any], lag_days: float = 0.0) -> tuple[int, int]:
    """When an event happened, the instant after which it counts as known."""
    occurred = read_instant(event["occurred_at"])
    text = event.get("known_at")
    known = occurred + round(lag_days * DAY_US) if text is None else read_instant(text)
    return occurred, max(occurred, known)
