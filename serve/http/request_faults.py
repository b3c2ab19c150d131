"""Faults of a request that a schema cannot see, looked for one by one once something is known to be wrong."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from serve.http.problems import ProblemItem, pointer_to
from serve.http.schemas.scores import EVENTS_PER_REQUEST, AccountIn, EventIn


def find_faults(accounts: Sequence[AccountIn]) -> list[ProblemItem]:
    """Every fault in the order of the body."""
    request: set[str] = set()
    faults = [*_of_size(accounts)]
    for number, account in enumerate(accounts):
        if account.account_id in request:
            detail = f"{account.account_id!r} is asked for twice; join its histories"
            faults.append(ProblemItem(pointer_to(("accounts", number, "account_id")), detail))
        request.add(account.account_id)
        if account.events is None and account.account is not None:
            detail = "is absent: a profile goes with a history; give neither to score what is stored"
            faults.append(ProblemItem(pointer_to(("accounts", number, "events")), detail))
        faults.extend(_of_events(account, number))
    return faults


def _of_size(accounts: Sequence[AccountIn]) -> Iterator[ProblemItem]:
    total = sum(len(account.events or ()) for account in accounts)
    if total > EVENTS_PER_REQUEST:
        detail = f"{total:,} events in all, at most {EVENTS_PER_REQUEST:,} in one request; split the accounts"
        yield ProblemItem("#/accounts", detail)


def _of_events(account: AccountIn, number: int) -> Iterator[ProblemItem]:
    seen: dict[str, EventIn] = {}
    for place, event in enumerate(account.events or ()):
        for column, detail in (*_of_days(event), *_of_owner(event, account.account_id), *_of_repeats(event, seen)):
            yield ProblemItem(pointer_to(("accounts", number, "events", place, column)), detail)


def _of_days(event: EventIn) -> Iterator[tuple[str, str]]:
    columns: dict[str, Any] = {name: event.get(name) for name in ("occurred_at", "known_at", "due_at")}
    for column, text in columns.items():
        try:
            datetime.fromisoformat(text or "1970-01-01")
        except ValueError:
            yield column, f"{text!r} names a day that its month does not have"


def _of_owner(event: EventIn, owner: str) -> Iterator[tuple[str, str]]:
    text = event.get("account_id")
    if text is not None and text != owner:
        yield "account_id", f"{text!r} is not {owner!r}, the account that holds the event"


def _of_repeats(event: EventIn, seen: dict[str, EventIn]) -> Iterator[tuple[str, str]]:
    name = event.get("event_id")
    if name is not None and seen.setdefault(name, event) != event:
        yield "event_id", f"{name!r} stands twice with different contents, but events are immutable"
