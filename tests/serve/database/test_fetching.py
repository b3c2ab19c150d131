"""Rows by the driver's own cursor fail as SQLAlchemy's do."""

import pytest
from sqlalchemy.exc import DBAPIError, OperationalError

from serve.database.driver_rows import fetch_rows


def test_rows_come_as_the_driver_gives_them(database):
    with database.reading() as connection:
        assert fetch_rows(connection, "SELECT 1, 'a' UNION ALL SELECT 2, NULL ORDER BY 1", ()) == [(1, "a"), (2, None)]


def test_a_faulty_query_raises_what_sqlalchemy_raises(database):
    with database.reading() as connection, pytest.raises(DBAPIError, match="nowhere"):
        fetch_rows(connection, "SELECT 1 FROM nowhere", ())


def test_a_lost_connection_is_replaced(database):
    if database.is_sqlite:
        return
    with database.reading() as lost:
        ((backend,),) = fetch_rows(lost, "SELECT pg_backend_pid()", ())
        with database.reading() as other:
            fetch_rows(other, "SELECT pg_terminate_backend(%s)", (backend,))
        with pytest.raises(OperationalError) as raised:
            fetch_rows(lost, "SELECT 1", ())
        assert raised.value.connection_invalidated
    with database.reading() as connection:
        assert fetch_rows(connection, "SELECT 1", ()) == [(1,)]
