"""Histories out of a request's body, as the event log that everything numeric reads."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kqml.calendar import local_midnight, moment_of
from kqml.dataset import event_log_of
from kqml.eventlog import EventLog
from kqml.events import EventKind
from serve.faults import find_faults
from serve.problems import invalid_request
from serve.schemas import EVENTS_PER_REQUEST, AccountIn, EventIn, ProfileIn

Counts = NDArray[np.int64]


@dataclass(frozen=True)
class Histories:
    """The accounts of a request. `log`: their events, accounts ascending. `profiles`: what is known of each, in the
    log's order. Per account of the log, what does not count: `empty_orders`, orders with amount 0, which the importer
    leaves out too; `hidden`, events that happened or were recorded at the cutoff or later."""

    log: EventLog
    profiles: Sequence[ProfileIn]
    empty_orders: Counts
    hidden: Counts


def build_histories(
    accounts: Sequence[AccountIn], cutoff: int, lag_days: Mapping[str, float], time_zone: str
) -> Histories:
    """The histories of a checked body. Raises ProblemError with every fault that only reading the whole can find."""
    if _is_suspect(accounts):
        _refuse_faults(accounts)
    records = {account.account_id: _records(account, cutoff, time_zone) for account in accounts}
    try:
        log = event_log_of(records, lag_days)
    except ValueError:
        _refuse_faults(accounts)
        raise
    amount = log.values.get("amount")
    empty = np.zeros(len(log), np.bool_) if amount is None else (amount == 0) & (log.kind == EventKind.ORDER.number)
    kept = log.keep(~empty) if empty.any() else log
    profiles = {account.account_id: account.account or {} for account in accounts}
    hidden = np.maximum(kept.occurred_at, kept.known_at) >= cutoff
    return Histories(
        kept, [profiles[name] for name in log.accounts], _per_account(log, empty), _per_account(kept, hidden)
    )


def _refuse_faults(accounts: Sequence[AccountIn]) -> None:
    if faults := find_faults(accounts):
        raise invalid_request(faults)


def _is_suspect(accounts: Sequence[AccountIn]) -> bool:
    """True where faults must be looked for one by one; dates are left to whoever parses them."""
    if sum(len(account.events) for account in accounts) > EVENTS_PER_REQUEST:
        return True
    if len({account.account_id for account in accounts}) < len(accounts):
        return True
    return any(_has_repeats(account.events) or _names_unparsed(account.events) for account in accounts)


def _names_unparsed(events: Sequence[EventIn]) -> bool:
    columns = set().union(*events)
    return "account_id" in columns or "due_at" in columns


def _has_repeats(events: Sequence[EventIn]) -> bool:
    ids = [event["event_id"] for event in events if "event_id" in event]
    return len(set(ids)) < len(ids)


def _records(account: AccountIn, cutoff: int, time_zone: str) -> Sequence[Mapping[str, Any]]:
    """The account's events, each id once, with the end of business that its status tells."""
    events: Sequence[Mapping[str, Any]] = account.events
    if _has_repeats(account.events):
        events = [*{event.get("event_id") or place: event for place, event in enumerate(account.events)}.values()]
    ended = _ended(account.account or {}, cutoff, time_zone)
    return [*events, ended] if ended else events


def _ended(profile: ProfileIn, cutoff: int, time_zone: str) -> Mapping[str, Any] | None:
    """A status other than active as the event it stands for; without a date, just before the cutoff."""
    status, since = profile.get("status"), profile.get("status_since")
    if status is None or status == "active":
        return None
    at = cutoff - 1 if since is None else local_midnight(since, time_zone)
    return {
        "kind": f"account_{status}",
        "occurred_at": moment_of(at).isoformat(),
        "known_at": moment_of(at).isoformat(),
    }


def _per_account(log: EventLog, mask: NDArray[np.bool_]) -> Counts:
    return np.diff(np.concatenate([[0], np.cumsum(mask)])[log.offsets])
