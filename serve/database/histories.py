"""The histories of accounts read as columns, by one indexed scan."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection

from kqml.history.sorted_columns import Column
from serve.database.driver_rows import fetch_rows
from serve.database.event_columns import CHANGED_TIER, one_of
from serve.database.postgres_reader import read_postgres_columns
from serve.database.records import parts_of
from serve.database.sqlite_reader import read_sqlite_columns
from serve.database.territory import Territory

_FACTS = ("account_id", "owner_rep_id", "tier", "segment", "region", "opened_on", "objected_at")


@dataclass(frozen=True)
class Columns:
    """The events of accounts, ascending: how many each has, those columns of
    `kqml.history.sorted_columns.COLUMNS` that hold a value."""

    accounts: Sequence[str]
    counts: Sequence[int]
    columns: Mapping[str, Column]


def read_facts(connection: Connection, ids: Sequence[str], territory: Territory) -> dict[str, Mapping[str, Any]]:
    """What the accounts among `ids` that are of the territory say of themselves, by id."""
    result: dict[str, Mapping[str, Any]] = {}
    mark = "?" if connection.dialect.name == "sqlite" else "%s"
    for part in parts_of(ids):
        statement = f"SELECT {', '.join(_FACTS)} FROM accounts WHERE account_id {one_of(mark, len(part))}"
        for row in fetch_rows(connection, statement, tuple(part)):
            facts = dict(zip(_FACTS, row, strict=True))
            if territory.covers(facts["owner_rep_id"]):
                result[facts["account_id"]] = {**facts, "opened_on": _day(facts["opened_on"])}
    return result


def read_columns(connection: Connection, ids: Sequence[str]) -> Columns:
    """The events of accounts given ascending, each once; orders with the amount 0 count nowhere.

    Several statements on SQLite: the connection has to be a snapshot there."""
    if not ids:
        return Columns((), (), {"occurred_at": (), "known_at": (), "kind": ()})
    read = read_sqlite_columns if connection.dialect.name == "sqlite" else read_postgres_columns
    return Columns(ids, *read(connection, ids))


def tier_changes(result: Columns) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The changes of tier among the events, each with its account."""
    kinds = result.columns["kind"]
    if CHANGED_TIER.code not in kinds:
        return
    owners = [name for name, count in zip(result.accounts, result.counts, strict=True) for _ in range(count)]
    for place, code in enumerate(kinds):
        if code == CHANGED_TIER.code:
            yield owners[place], _change(result.columns, place)


def _change(columns: Mapping[str, Column], place: int) -> Mapping[str, Any]:
    return {
        "kind": CHANGED_TIER.code,
        **{name: int(columns[name][place]) for name in ("occurred_at", "known_at")},
        "attributes": columns["attributes"][place] if "attributes" in columns else None,
    }


def _day(value: Any) -> date | None:
    return date.fromisoformat(value) if isinstance(value, str) else value
