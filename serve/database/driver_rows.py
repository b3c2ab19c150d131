"""Rows as the driver gives them, for the few queries that every score waits for."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection


def fetch_rows(
    connection: Connection, statement: str, values: Sequence[Any] | Mapping[str, Any]
) -> Sequence[tuple[Any, ...]]:
    """The rows of a query by the driver's own cursor: SQLAlchemy's execution costs as much as finding an account.

    What fails is asked again by SQLAlchemy, so that errors, lost connections among them, are met as everywhere."""
    given: Any = values
    try:
        cursor = connection.connection.cursor()
        cursor.execute(statement, given)
        return cursor.fetchall()
    except connection.dialect.loaded_dbapi.Error:
        return [tuple(row) for row in connection.exec_driver_sql(statement, given)]
