"""Read the histories of accounts as columns, by one indexed scan."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection

from kqml.history.sorted_columns import Column
from serve.database.driver_rows import fetch_rows
from serve.database.event_columns import one_of
from serve.database.long_histories import event_beyond
from serve.database.postgres_reader import read_postgres_columns
from serve.database.records import parts_of
from serve.database.sqlite_reader import read_sqlite_columns
from serve.database.territory import Territory

_FACTS = ("account_id", "owner_rep_id", "tier", "segment", "region", "opened_on", "objected_at")


@dataclass(frozen=True)
class Columns:
    """The events of accounts, ascending: the count of each account, and the columns of
    `kqml.history.sorted_columns.COLUMNS` that hold any value."""

    accounts: Sequence[str]
    counts: Sequence[int]
    columns: Mapping[str, Column]


def read_facts(
    connection: Connection, ids: Sequence[str], territory: Territory, most_events: int
) -> dict[str, Mapping[str, Any]]:
    """Return the fields of the accounts among `ids` that are in the territory, by id. `is_long`: whether the account
    has more than `most_events` events."""
    result: dict[str, Mapping[str, Any]] = {}
    mark = "?" if connection.dialect.name == "sqlite" else "%s"
    for part in parts_of(ids):
        columns = ", ".join((*_FACTS, event_beyond(most_events)))
        statement = f"SELECT {columns} FROM accounts WHERE account_id {one_of(mark, len(part))}"
        for row in fetch_rows(connection, statement, tuple(part)):
            facts = dict(zip(_FACTS, row, strict=False))
            if territory.covers(facts["owner_rep_id"]):
                result[facts["account_id"]] = {
                    **facts,
                    "opened_on": _day(facts["opened_on"]),
                    "is_long": row[-1] is not None,
                }
    return result


def read_columns(connection: Connection, ids: Sequence[str]) -> Columns:
    """Return the events of accounts, given ascending and distinct, without orders of amount 0. On SQLite these are
    several statements: the connection must be a snapshot."""
    if not ids:
        return Columns((), (), {"occurred_at": (), "known_at": (), "kind": ()})
    read = read_sqlite_columns if connection.dialect.name == "sqlite" else read_postgres_columns
    return Columns(ids, *read(connection, ids))


def _day(value: Any) -> date | None:
    return date.fromisoformat(value) if isinstance(value, str) else value
