"""Rows from the driver's cursor, for the few queries that every score needs."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection


def fetch_rows(
    connection: Connection, statement: str, values: Sequence[Any] | Mapping[str, Any]
) -> Sequence[tuple[Any, ...]]:
    """Return the rows of a query through the driver's cursor, because SQLAlchemy's execution takes as long as finding
    an account. A query that fails is run again by SQLAlchemy, so that errors and lost connections are handled as
    elsewhere."""
    given: Any = values
    try:
        cursor = connection.connection.cursor()
        cursor.execute(statement, given)
        return cursor.fetchall()
    except connection.dialect.loaded_dbapi.Error:
        return [tuple(row) for row in connection.exec_driver_sql(statement, given)]
