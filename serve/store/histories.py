"""The histories of accounts read as columns, by one indexed query."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection

from kqml.events import EventKind
from kqml.logcolumns import COLUMNS, NEEDED
from serve.store.records import parts_of
from serve.store.territory import Territory

CHANGED_TIER = EventKind.TIER_CHANGED
_FACTS = ("account_id", "owner_rep_id", "tier", "segment", "region", "opened_on", "objected_at")


@dataclass(frozen=True)
class Columns:
    """The events of accounts, ascending: how many each has, `kqml.logcolumns.COLUMNS` of all of them."""

    accounts: Sequence[str]
    counts: Sequence[int]
    columns: Sequence[Sequence[Any]]


def read_facts(connection: Connection, ids: Sequence[str], territory: Territory) -> dict[str, Mapping[str, Any]]:
    """What the accounts among `ids` that are of the territory say of themselves, by id."""
    found: dict[str, Mapping[str, Any]] = {}
    for part in parts_of(ids):
        statement = f"SELECT {', '.join(_FACTS)} FROM accounts WHERE account_id {_one_of(connection, part)}"
        for row in _fetched(connection, statement, part):
            facts = dict(zip(_FACTS, row, strict=True))
            if territory.covers(facts["owner_rep_id"]):
                found[facts["account_id"]] = {**facts, "opened_on": _day(facts["opened_on"])}
    return found


def read_columns(connection: Connection, ids: Sequence[str]) -> Columns:
    """The events of accounts given ascending, each once; orders with the amount 0 count nowhere."""
    rows = [row for part in parts_of(ids) for row in _fetched(connection, _events(connection, part), part)]
    columns = list(zip(*rows, strict=True))
    counts = Counter(columns.pop() if columns else ())
    return Columns(ids, [counts[name] for name in ids], columns)


def tier_changes(found: Columns) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The changes of tier among the events, each with its account."""
    if not found.columns or CHANGED_TIER.code not in found.columns[_KIND]:
        return
    place = 0
    for account, count in zip(found.accounts, found.counts, strict=True):
        for event in range(place, place + count):
            if found.columns[_KIND][event] == CHANGED_TIER.code:
                yield account, {name: column[event] for name, column in zip(COLUMNS, found.columns, strict=True)}
        place += count


_KIND = COLUMNS.index("kind")


def _events(connection: Connection, ids: Sequence[str]) -> str:
    return (
        f"SELECT {_SELECTED}, account_id FROM events WHERE account_id {_one_of(connection, ids)}"
        " AND (kind <> 'order' OR amount IS NULL OR amount <> 0) ORDER BY account_id, occurred_at, event_id"
    )


def _selected(name: str) -> str:
    """The column, fetched only where somebody needs it: text costs as much as all numbers together."""
    kinds = NEEDED.get(name)
    if kinds is None:
        return name
    if name == "attributes":
        kinds = kinds | {CHANGED_TIER}
    codes = ", ".join(f"'{code}'" for code in sorted(kind.code for kind in kinds))
    return f"CASE WHEN kind IN ({codes}) THEN {name} END"


_SELECTED = ", ".join(_selected(name) for name in COLUMNS)


def _one_of(connection: Connection, ids: Sequence[str]) -> str:
    mark = "?" if connection.dialect.name == "sqlite" else "%s"
    return f"= {mark}" if len(ids) == 1 else f"IN ({', '.join([mark] * len(ids))})"


def _fetched(connection: Connection, statement: str, ids: Sequence[str]) -> list[tuple[Any, ...]]:
    """Rows as the driver gives them: SQLAlchemy's own cost more than the query."""
    cursor = connection.exec_driver_sql(statement, tuple(ids)).cursor
    assert cursor is not None
    return list(cursor.fetchall())


def _day(value: Any) -> date | None:
    return date.fromisoformat(value) if isinstance(value, str) else value
