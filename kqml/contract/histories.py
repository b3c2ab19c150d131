"""An account with its history, as a request for scores sends it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Required

from typing_extensions import TypedDict


class EventFields(TypedDict, total=False):
    """One event of the account that it stands below; instants are ISO text with an offset."""

    event_id: str | None
    account_id: str | None
    occurred_at: Required[str]
    known_at: str | None
    kind: Required[str]
    amount: float | None
    quantity: float | None
    lines: float | None
    minutes: float | None
    sentiment: float | None
    rep_id: str | None
    contact_id: str | None
    channel: str | None
    due_at: str | None
    ref: str | None
    authenticity: float | None
    attributes: dict[str, Any] | None


class ProfileFields(TypedDict, total=False):
    """What is known of an account now; null is the same as absent."""

    name: str | None
    tier: str | None
    segment: str | None
    region: str | None
    owner_rep_id: str | None
    opened_on: date | None
    status: str | None
    status_since: date | None
    credit_grade: str | None


@dataclass(frozen=True)
class AccountToScore:
    """One account: with its whole history in any order, or (`events` None) as the database knows it."""

    account_id: str
    account: ProfileFields | None = None
    events: Sequence[EventFields] | None = None
