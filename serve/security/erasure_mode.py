"""Permission to change append-only tables."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, delete, insert

from serve.database.tables import ERASING


@contextmanager
def erasing(connection: Connection, why: str) -> Iterator[None]:
    """Permit changes of append-only tables within the block, in a writing transaction; no other transaction sees it."""
    connection.execute(insert(ERASING).values(why=why))
    yield
    connection.execute(delete(ERASING))
