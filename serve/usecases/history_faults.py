"""Faults of the histories in a request that a schema cannot see."""

from collections.abc import Iterator, Sequence

from kqml.contract.histories import AccountToScore, EventFields
from serve.usecases.event_times import time_faults
from serve.usecases.refusals import RequestFault

EVENTS_PER_REQUEST = 200_000
_UNPARSED = frozenset({"account_id"})
"""Columns of events that nothing else reads."""


def is_suspect(accounts: Sequence[AccountToScore]) -> bool:
    """Return whether faults must be looked for one by one; dates are left to whoever parses them."""
    if sum(len(account.events or ()) for account in accounts) > EVENTS_PER_REQUEST:
        return True
    if len({account.account_id for account in accounts}) < len(accounts):
        return True
    if any(account.events is None and account.account is not None for account in accounts):
        return True
    return any(not _UNPARSED.isdisjoint(set().union(*account.events or ())) for account in accounts)


def find_faults(accounts: Sequence[AccountToScore], now: int) -> list[RequestFault]:
    """Return every fault in the order of the request, whose list of accounts is named `accounts`."""
    request: set[str] = set()
    faults = [*_of_size(accounts)]
    for number, account in enumerate(accounts):
        if account.account_id in request:
            detail = f"{account.account_id!r} is asked for twice; join its histories"
            faults.append(RequestFault(("accounts", number, "account_id"), detail))
        request.add(account.account_id)
        if account.events is None and account.account is not None:
            detail = "is absent: a profile goes with a history; give neither to score what is stored"
            faults.append(RequestFault(("accounts", number, "events"), detail))
        faults.extend(_of_events(account, number, now))
    return faults


def _of_size(accounts: Sequence[AccountToScore]) -> Iterator[RequestFault]:
    total = sum(len(account.events or ()) for account in accounts)
    if total > EVENTS_PER_REQUEST:
        detail = f"{total:,} events in all, at most {EVENTS_PER_REQUEST:,} in one request; split the accounts"
        yield RequestFault(("accounts",), detail)


def _of_events(account: AccountToScore, number: int, now: int) -> Iterator[RequestFault]:
    seen: dict[str, EventFields] = {}
    for index, event in enumerate(account.events or ()):
        for column, detail in (
            *time_faults(event, now),
            *_of_owner(event, account.account_id),
            *_of_repeats(event, seen),
        ):
            yield RequestFault(("accounts", number, "events", index, column), detail)


def _of_owner(event: EventFields, owner: str) -> Iterator[tuple[str, str]]:
    text = event.get("account_id")
    if text is not None and text != owner:
        yield "account_id", f"{text!r} is not {owner!r}, the account that holds the event"


def _of_repeats(event: EventFields, seen: dict[str, EventFields]) -> Iterator[tuple[str, str]]:
    name = event.get("event_id")
    if name is not None and seen.setdefault(name, event) != event:
        yield "event_id", f"{name!r} stands twice with different contents, but events are immutable"
