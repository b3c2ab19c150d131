"""Histories from the database as an event log."""

import json
import threading
from collections.abc import Mapping, Sequence
from datetime import date
from time import monotonic
from typing import Any, cast

import numpy as np
from sqlalchemy import Connection

from features.context import quiet_periods, recorded_since
from features.profile import STATIC, TIER
from kqml.calendar.business_time import local_midnight
from kqml.contract.histories import ProfileFields
from kqml.dataset.folder import DatasetInfo
from kqml.events import EventKind
from kqml.history.attributes import AttributeChange, change_of, value_at
from kqml.history.event_log import EventLog
from kqml.history.sorted_columns import Column, event_log_of_columns
from serve.database.dataset_info import read_info
from serve.database.engine import Database
from serve.database.histories import read_columns, read_facts
from serve.database.long_histories import MOST_EVENTS
from serve.database.territory import Territory
from serve.usecases.request_histories import Histories, Surroundings

INFO_SECONDS = 1.0
"""How long the description of the data is cached: the first event of a kind is rare."""


class LongHistories(Exception):
    """Raised where accounts have more events than the caller reads: `accounts`, `most`."""

    def __init__(self, accounts: Sequence[str], most: int) -> None:
        super().__init__(f"{len(accounts)} accounts have more than {most} events")
        self.accounts, self.most = frozenset(accounts), most


class DatabaseHistories:
    """Reads accounts with their events; caches the description of the data."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lock = threading.Lock()
        self._read_at = -INFO_SECONDS
        self._info = DatasetInfo()
        self._around: Surroundings | None = None

    def read(self, ids: Sequence[str], cutoff: int, territory: Territory, most_events: int = MOST_EVENTS) -> Histories:
        """Return the histories of those of the ids that are in the territory, ascending; others are left out. Raises
        LongHistories before any event is read."""
        with self._database.snapshot() if self._database.is_sqlite else self._database.reading() as connection:
            info, around = self._surroundings(connection)
            facts = read_facts(connection, ids, territory, most_events)
            names = sorted(facts)
            if long := [name for name in names if facts[name]["is_long"]]:
                raise LongHistories(long, most_events)
            result = read_columns(connection, names)
        log = event_log_of_columns(result.accounts, result.counts, result.columns)
        nothing = np.zeros(len(names), dtype=np.int64)
        columns, changes = profile_fields(info, cutoff), _tier_changes(log, result.columns)
        profiles = [_profile(facts[name], columns, changes.get(index, ()), cutoff) for index, name in enumerate(names)]
        objected = {name: facts[name]["objected_at"] for name in names if facts[name]["objected_at"] is not None}
        return Histories(log, profiles, nothing, nothing, around, objected)

    def time_zone(self, connection: Connection) -> str:
        """Return the time zone of the company."""
        return self._surroundings(connection)[0].time_zone

    def _surroundings(self, connection: Connection) -> tuple[DatasetInfo, Surroundings]:
        with self._lock:
            if self._around is None or monotonic() - self._read_at > INFO_SECONDS:
                self._info, self._read_at = read_info(connection), monotonic()
                self._around = Surroundings(recorded_since(self._info), quiet_periods(self._info), self._info.time_zone)
            return self._info, self._around


def _tier_changes(log: EventLog, columns: Mapping[str, Column]) -> dict[int, list[AttributeChange]]:
    """The changes of tier by the index of their account in the log that the columns belong to."""
    result: dict[int, list[AttributeChange]] = {}
    for index in np.flatnonzero(log.kind == EventKind.TIER_CHANGED.number).tolist():
        text = columns["attributes"][index] if "attributes" in columns else None
        times = int(log.occurred_at[index]), int(log.visible_at(index)), int(log.retraction_of(index))
        account = int(np.searchsorted(log.offsets, index, side="right")) - 1
        result.setdefault(account, []).append(change_of(EventKind.TIER_CHANGED, times, json.loads(text or "{}")))
    return result


def profile_fields(info: DatasetInfo, cutoff: int) -> frozenset[str]:
    """Return the columns that describe an account at a cutoff: the rule of `features.profile`."""
    usable = {name for name in (TIER, *STATIC) if name not in info.columns or info.columns[name].usable}
    tier = info.columns.get(TIER)
    since = None if tier is None else tier.complete_since
    if since is None or cutoff < local_midnight(date.fromisoformat(since[:10]), info.time_zone):
        usable.discard(TIER)
    return frozenset(usable)


def _profile(
    account: Mapping[str, Any], columns: frozenset[str], changes: Sequence[AttributeChange], cutoff: int
) -> ProfileFields:
    """The profile of an account at the cutoff; `changes`: those of its tier."""
    profile: dict[str, Any] = {name: account[name] for name in columns} | {"opened_on": account["opened_on"]}
    if TIER in columns:
        profile[TIER] = value_at(cutoff, account[TIER], changes)
    return cast(ProfileFields, profile)
