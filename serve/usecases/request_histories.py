"""Histories from a request as an event log."""

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kqml.calendar.business_time import Instants, QuietPeriods, local_midnight
from kqml.contract.histories import AccountToScore, EventFields, ProfileFields
from kqml.dataset.folder import event_log_of
from kqml.events import EventKind
from kqml.history.attributes import attribute_at
from kqml.history.event_log import EventLog
from kqml.moments import first_ahead
from serve.usecases.history_faults import find_faults, is_suspect
from serve.usecases.refusals import FaultyRequest

Counts = NDArray[np.int64]


@dataclass(frozen=True)
class Surroundings:
    """The context of a company's events: since when each kind is recorded, its holidays."""

    recorded_since: Instants
    quiet: QuietPeriods
    time_zone: str


@dataclass(frozen=True)
class Histories:
    """The accounts of a request. `log`: their events, accounts ascending. `profiles`: what is known of each, in the
    log's order, with the tier at the cutoff. Per account of the log, what does not count: `empty_orders`, orders with
    amount 0, which the importer leaves out too; `hidden`, events that happened or were recorded at the cutoff or
    later. `surroundings`: None means those of the training data. `objected`: account → since when nobody may score
    it."""

    log: EventLog
    profiles: Sequence[ProfileFields]
    empty_orders: Counts
    hidden: Counts
    surroundings: Surroundings | None = None
    objected: Mapping[str, int] = field(default_factory=dict)


def build_histories(
    accounts: Sequence[AccountToScore], cutoff: int, now: int, lag_days: Mapping[str, float], time_zone: str
) -> Histories:
    """Return the histories that stand in a checked request; accounts without one are left out. `now`: the present
    instant, which no event may lie ahead of.

    Raises FaultyRequest with every fault that only reading the whole can find."""
    repeated = {account.account_id for account in accounts if _has_repeats(account.events or ())}
    if repeated or is_suspect(accounts):
        _refuse_faults(accounts, now)
    given = [account for account in accounts if account.events is not None]
    if not given:
        return _no_histories()
    ordered = sorted(given, key=lambda account: account.account_id)
    records = {
        account.account_id: [*_events(account, repeated), *_ended(account.account, cutoff, time_zone)]
        for account in ordered
    }
    try:
        log = event_log_of(records, lag_days)
    except ValueError:
        _refuse_faults(accounts, now)
        raise
    if len(log) and max(log.occurred_at.max(), log.known_at.max()) >= first_ahead(now):
        _refuse_faults(accounts, now)
    empty = (
        (log.values["amount"] == 0) & (log.kind == _ORDER) if "amount" in log.values else np.zeros(len(log), np.bool_)
    )
    retained = log.keep(~empty) if empty.any() else log
    hidden = np.maximum(retained.occurred_at, retained.known_at) >= cutoff
    profiles = _profiles(ordered, cutoff, lag_days, bool((retained.kind == EventKind.TIER_CHANGED.number).any()))
    return Histories(retained, profiles, _per_account(log, empty), _per_account(retained, hidden))


_ORDER = EventKind.ORDER.number


@cache
def _no_histories() -> Histories:
    nothing = np.zeros(0, dtype=np.int64)
    return Histories(event_log_of({}), (), nothing, nothing)


def _refuse_faults(accounts: Sequence[AccountToScore], now: int) -> None:
    if faults := find_faults(accounts, now):
        raise FaultyRequest(faults)


def _has_repeats(events: Sequence[EventFields]) -> bool:
    ids = [event["event_id"] for event in events if "event_id" in event]
    return len(set(ids)) < len(ids)


def _events(account: AccountToScore, repeated: Container[str]) -> Iterable[EventFields]:
    """The account's events, each id once."""
    events = account.events or ()
    if account.account_id not in repeated:
        return events
    return {event.get("event_id") or index: event for index, event in enumerate(events)}.values()


def _profiles(
    accounts: Sequence[AccountToScore], cutoff: int, lag_days: Mapping[str, float], tiers_change: bool
) -> Sequence[ProfileFields]:
    profiles = [account.account or ProfileFields() for account in accounts]
    if not tiers_change:
        return profiles
    lag = lag_days.get(EventKind.TIER_CHANGED.code, 0.0)
    tiers = [
        attribute_at("tier", cutoff, profile.get("tier"), account.events or (), lag)
        for account, profile in zip(accounts, profiles, strict=True)
    ]
    return [ProfileFields(**{**profile, "tier": tier}) for profile, tier in zip(profiles, tiers, strict=True)]


def _ended(profile: ProfileFields | None, cutoff: int, time_zone: str) -> Iterator[Mapping[str, Any]]:
    """The event of a status other than active; without a date, just before the cutoff."""
    status = profile.get("status") if profile else None
    if profile and status is not None and status != "active":
        since = profile.get("status_since")
        at = cutoff - 1 if since is None else local_midnight(since, time_zone)
        yield {"kind": f"account_{status}", "occurred_at": at, "known_at": at}


def _per_account(log: EventLog, mask: NDArray[np.bool_]) -> Counts:
    return np.diff(np.concatenate([[0], np.cumsum(mask)])[log.offsets])
