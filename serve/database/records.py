"""Replace whole records: write those that are new or differ, count changes in their versions."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Table, select

from serve.database.upserting import upsert

Row = Mapping[str, Any]
ASKED_AT_ONCE = 500
KEPT_APART = frozenset({"version", "updated_at", "described", "objected_at", "erased_at"})
"""Columns that are not part of a record."""


@dataclass(frozen=True)
class StoredRecord:
    """A record after it was stored, and before (None where it is new)."""

    before: Row | None
    after: Row

    @property
    def changed(self) -> bool:
        return self.before is None or self.before["version"] != self.after["version"]


def columns_of(table: Table) -> tuple[str, ...]:
    """Return the columns of a record of the table: those of the data contract."""
    return tuple(str(column.name) for column in table.columns if column.name not in KEPT_APART)


def read_rows(connection: Connection, table: Table, ids: Iterable[str], *, lock: bool = False) -> dict[str, Row]:
    """Return the rows with these ids by id; `lock` locks them until the transaction ends."""
    key = next(iter(table.primary_key))
    result: dict[str, Row] = {}
    for part in parts_of(sorted(set(ids))):
        request = select(table).where(key.in_(part))
        if lock:
            request = request.order_by(key).with_for_update()
        result |= {row[key.name]: dict(row) for row in connection.execute(request).mappings()}
    return result


def parts_of(ids: Sequence[str]) -> Iterator[Sequence[str]]:
    """Yield the ids in parts, each small enough for one statement."""
    return (ids[start : start + ASKED_AT_ONCE] for start in range(0, len(ids), ASKED_AT_ONCE))


def put_rows(
    connection: Connection, table: Table, records: Sequence[Row], now: int, marks: Row | None = None
) -> list[StoredRecord]:
    """Replace the records, in their order; ids are distinct. Columns that a record does not name become null. `marks`:
    further columns that every row gets."""
    key = next(iter(table.primary_key)).name
    stored = read_rows(connection, table, (record[key] for record in records), lock=True)
    unsaid: dict[str, Any] = {str(column.name): None for column in table.columns if column.name in KEPT_APART}
    names, puts = columns_of(table), []
    for record in records:
        text = {name: record.get(name) for name in names} | dict(marks or {})
        puts.append(_put(stored.get(record[key]), unsaid | text, text, now))
    upsert(connection, table, [put.after for put in puts if put.changed])
    return puts


def _put(before: Row | None, fresh: Row, text: Row, now: int) -> StoredRecord:
    if before is None:
        return StoredRecord(None, {**fresh, "version": 1, "updated_at": now})
    if all(before[name] == value for name, value in text.items()):
        return StoredRecord(before, before)
    return StoredRecord(before, {**before, **text, "version": before["version"] + 1, "updated_at": now})
