"""Histories of a request as a dataset in memory, so that they are planned by the same rules as stored accounts."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import orjson
import pyarrow as pa

from kqml.calendar.business_time import DAY_US
from kqml.contract.histories import AccountToScore, EventFields
from kqml.dataset.folder import Dataset, DatasetInfo, dataset_in_memory
from kqml.dataset.tables import INSTANT, REQUIRED, SCHEMAS
from kqml.history.builders import in_log_order, read_instant

NO_REP = "unknown"
"""The rep of a history that names none: someone has to be in charge for an action to be recommended."""

INSTANTS = ("occurred_at", "known_at", "due_at")


def dataset_of_histories(accounts: Sequence[AccountToScore], info: DatasetInfo) -> Dataset:
    """Return checked histories as a dataset. `info`: of the company's data; its lags say since when an event counts as
    known where the request does not."""
    events = [row for account in accounts for row in _events(account, info.lag_days)]
    people = [{**(account.account or {}), "account_id": account.account_id} for account in accounts]
    rows: list[dict[str, Any]] = [{**row, "owner_rep_id": row.get("owner_rep_id") or NO_REP} for row in people]
    tables = {
        "events": in_log_order(_table("events", events)),
        "accounts": _table("accounts", sorted(rows, key=lambda row: row["account_id"])),
        "reps": _table("reps", [{"rep_id": rep} for rep in sorted({row["owner_rep_id"] for row in rows})]),
    }
    return dataset_in_memory(tables, info)


def _events(account: AccountToScore, lag_days: Mapping[str, float]) -> Iterator[dict[str, Any]]:
    """The account's events, each id once; an id is made where there is none."""
    events: dict[object, EventFields] = {
        event.get("event_id") or index: event for index, event in enumerate(account.events or ())
    }
    for key, event in events.items():
        row: dict[str, Any] = {**event, "account_id": account.account_id}
        row["event_id"] = key if isinstance(key, str) else f"{account.account_id}#{key}"
        row |= {name: read_instant(row[name]) for name in INSTANTS if row.get(name) is not None}
        if row.get("known_at") is None:
            row["known_at"] = row["occurred_at"] + int(lag_days.get(row["kind"], 0.0) * DAY_US)
        if row.get("attributes") is not None:
            row["attributes"] = orjson.dumps(row["attributes"]).decode()
        yield row


def _table(name: str, rows: Sequence[Mapping[str, Any]]) -> pa.Table:
    """The required columns and those that hold any value."""
    schema = SCHEMAS[name]
    columns = {field.name: [row.get(field.name) for row in rows] for field in schema}
    filled = [
        field
        for field in schema
        if field.name in REQUIRED[name] or any(value is not None for value in columns[field.name])
    ]
    arrays = [_array(columns[field.name], field.type) for field in filled]
    return pa.table(arrays, schema=pa.schema(filled))


def _array(values: list[Any], kind: pa.DataType) -> pa.Array:
    return pa.array(values, pa.int64()).cast(kind) if kind == INSTANT else pa.array(values, kind)
