"""An account's tier, owner, status and consent: the events that change them, the value known at a cutoff."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from kqml.calendar.business_time import DAY_US
from kqml.events import EventKind
from kqml.history.builders import read_instant

STATUS_AFTER: Mapping[EventKind, str] = {
    EventKind.ACCOUNT_REOPENED: "active",
    EventKind.ACCOUNT_SUSPENDED: "suspended",
    EventKind.ACCOUNT_CLOSED: "closed",
    EventKind.ACCOUNT_TRANSFERRED: "transferred",
}
"""Kinds that change the status of an account → the status after it; an account without one is active."""

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


def value_before(
    first: Mapping[str, Any], now: str | None, after: Collection[Any], otherwise: str | None = None
) -> str | None:
    """Return the value before the first of some changes, given its attributes and the values `after` all of them.

    The change says it by `from`. Where it does not, a value of now that no change brought was there all the time: the
    table was never changed. Else the value is unknown: `otherwise`.
    """
    if "from" in first:
        return text_or_none(first["from"])
    return otherwise if now in after else now


def text_or_none(value: object) -> str | None:
    return value if isinstance(value, str) else None


def has_consent(attributes: Mapping[str, Any], key: str = "consent") -> bool:
    """Consent is given unless something says that it is not."""
    return attributes.get(key) is not False


def tier_at(cutoff: int, now: str | None, events: Sequence[Mapping[str, Any]], lag_days: float) -> str | None:
    """Return an account's tier at a cutoff, given the tier of now and its events, which may change it.

    It is that of the latest change known, else the one before the first change.
    """
    code = EventKind.TIER_CHANGED.code
    changes = sorted((_change(event, lag_days) for event in events if event["kind"] == code), key=lambda c: c[0])
    if not changes:
        return now
    after = [text_or_none(note.get("to")) for *_, note in changes]
    known = [place for place, (_, visible_at, _) in enumerate(changes) if visible_at < cutoff]
    return after[known[-1]] if known else value_before(changes[0][2], now, after)


def _change(event: Mapping[str, Any], lag_days: float) -> tuple[int, int, Mapping[str, Any]]:
    """When it occurred, when it counts as known, its attributes."""
    occurred = read_instant(event["occurred_at"])
    text = event.get("known_at")
    known = occurred + round(lag_days * DAY_US) if text is None else read_instant(text)
    return occurred, max(occurred, known), event.get("attributes") or {}
