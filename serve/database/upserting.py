"""Insert or replace rows on either database."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import BigInteger, Boolean, Connection, Date, Double, Insert, Integer, Table, Text
from sqlalchemy.dialects import postgresql, sqlite

Row = Mapping[str, Any]


def insert_into(connection: Connection, table: Table) -> "sqlite.Insert | postgresql.Insert":
    """Return an insert statement that supports conflict handling."""
    return sqlite.insert(table) if connection.dialect.name == "sqlite" else postgresql.insert(table)


def upsert(connection: Connection, table: Table, rows: Sequence[Row]) -> None:
    """Insert the rows, or replace the columns given where the key exists. The rows share their columns."""
    if rows:
        connection.execute(_upsert(connection, table, tuple(rows[0])), list(rows))


def _upsert(connection: Connection, table: Table, columns: Sequence[str]) -> Insert:
    keys = [column.name for column in table.primary_key]
    statement = insert_into(connection, table)
    changed = {name: statement.excluded[name] for name in columns if name not in keys}
    if not changed:
        return statement.on_conflict_do_nothing(index_elements=keys)
    return statement.on_conflict_do_update(index_elements=keys, set_=changed)


def insert_absent(connection: Connection, table: Table, rows: Sequence[Row]) -> int:
    """Insert the rows whose keys and unique values do not exist; return how many. The rows share their columns."""
    if not rows:
        return 0
    names = list(rows[0])
    if connection.dialect.name == "sqlite":
        marks = ", ".join("?" * len(names))
        statement = f"INSERT INTO {table.name} ({', '.join(names)}) VALUES ({marks}) ON CONFLICT DO NOTHING"
        return connection.exec_driver_sql(statement, [tuple(row[name] for name in names) for row in rows]).rowcount
    arrays = ", ".join(f"%s::{_array_type(table, name)}" for name in names)
    statement = f"INSERT INTO {table.name} ({', '.join(names)}) SELECT * FROM unnest({arrays}) ON CONFLICT DO NOTHING"
    return connection.exec_driver_sql(statement, tuple([row[name] for row in rows] for name in names)).rowcount


def _array_type(table: Table, name: str) -> str:
    plain = table.c[name].type
    return f"{_ARRAYS[type(plain)]}[]"


_ARRAYS: Mapping[type, str] = {
    Text: "text",
    BigInteger: "bigint",
    Integer: "integer",
    Double: "double precision",
    Boolean: "boolean",
    Date: "date",
}
