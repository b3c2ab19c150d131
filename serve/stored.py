"""Histories out of the store, as the event log that everything numeric reads."""

import json
import threading
from collections.abc import Mapping, Sequence
from datetime import date
from itertools import groupby
from time import monotonic
from typing import Any, cast

import numpy as np
from sqlalchemy import Connection, select

from features.context import quiet_periods, recorded_since
from features.profile import STATIC, TIER
from kqml.calendar import local_midnight
from kqml.dataset import DatasetInfo
from kqml.logbuilding import event_log_of
from serve.histories import Histories, Surroundings
from serve.schemas import ProfileIn
from serve.store.engine import Store
from serve.store.events import COUNTED
from serve.store.info import read_info
from serve.store.tables import ACCOUNTS, EVENTS
from serve.store.territory import Territory
from serve.tiers import CHANGED, tier_at

INFO_SECONDS = 1.0
"""How old what the store says of itself may be: a kind's first event is rare."""

NAMES = tuple(column.name for column in EVENTS.columns if column.name != "received_at")
_EVENTS = (
    select(*(EVENTS.c[name] for name in NAMES))
    .where(COUNTED)
    .order_by(EVENTS.c.account_id, EVENTS.c.occurred_at, EVENTS.c.event_id)
)
_ACCOUNTS = select(*(ACCOUNTS.c[name] for name in ("account_id", TIER, *STATIC, "opened_on", "objected_at")))


class StoredHistories:
    """Reads accounts with their events; remembers for a moment what the store says of itself."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._lock = threading.Lock()
        self._read_at = -INFO_SECONDS
        self._info = DatasetInfo()
        self._around: Surroundings | None = None

    def read(self, ids: Sequence[str], cutoff: int, territory: Territory) -> Histories:
        """The accounts among `ids` that are of the territory, ascending; others are left out without a word."""
        with self._store.reading() as connection:
            info, around = self._surroundings(connection)
            accounts = _accounts(connection, ids, territory)
            records = _records(connection, sorted(accounts))
        log = event_log_of(records)
        nothing = np.zeros(len(accounts), dtype=np.int64)
        columns = described_by(info, cutoff)
        profiles = [_profile(accounts[name], columns, records[name], cutoff) for name in records]
        objected = {name: row["objected_at"] for name, row in accounts.items() if row["objected_at"] is not None}
        return Histories(log, profiles, nothing, nothing, around, objected)

    def time_zone(self, connection: Connection) -> str:
        """The company's."""
        return self._surroundings(connection)[0].time_zone

    def _surroundings(self, connection: Connection) -> tuple[DatasetInfo, Surroundings]:
        with self._lock:
            if self._around is None or monotonic() - self._read_at > INFO_SECONDS:
                self._info, self._read_at = read_info(connection), monotonic()
                self._around = Surroundings(recorded_since(self._info), quiet_periods(self._info), self._info.time_zone)
            return self._info, self._around


def _accounts(connection: Connection, ids: Sequence[str], territory: Territory) -> dict[str, Mapping[str, Any]]:
    asked = _ACCOUNTS.where(ACCOUNTS.c.account_id.in_(ids), territory.of_accounts())
    return {row["account_id"]: dict(row) for row in connection.execute(asked).mappings()}


def _records(connection: Connection, ids: Sequence[str]) -> dict[str, list[Mapping[str, Any]]]:
    """Account id → its events, in their order; every id is there."""
    records: dict[str, list[Mapping[str, Any]]] = {name: [] for name in ids}
    if not ids:
        return records
    only = EVENTS.c.account_id == ids[0] if len(ids) == 1 else EVENTS.c.account_id.in_(ids)
    found = connection.execute(_EVENTS.where(only))
    for name, rows in groupby(found, key=lambda row: row[0]):
        records[name] = [dict(zip(NAMES, row, strict=True)) for row in rows]
    return records


def described_by(info: DatasetInfo, cutoff: int) -> frozenset[str]:
    """The columns of accounts that describe them at a cutoff: the rule of `features.profile`."""
    usable = {name for name in (TIER, *STATIC) if name not in info.columns or info.columns[name].usable}
    tier = info.columns.get(TIER)
    since = None if tier is None else tier.complete_since
    if since is None or cutoff < local_midnight(date.fromisoformat(since[:10]), info.time_zone):
        usable.discard(TIER)
    return frozenset(usable)


def _profile(
    account: Mapping[str, Any], columns: frozenset[str], events: Sequence[Mapping[str, Any]], cutoff: int
) -> ProfileIn:
    profile: dict[str, Any] = {name: account[name] for name in columns} | {"opened_on": account["opened_on"]}
    if TIER in columns:
        changes = [event for event in events if event["kind"] == CHANGED]
        read = [{**event, "attributes": json.loads(event["attributes"] or "{}")} for event in changes]
        profile[TIER] = tier_at(cutoff, account[TIER], read, 0.0)
    return cast(ProfileIn, profile)
