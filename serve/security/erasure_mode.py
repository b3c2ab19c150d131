"""The one way past the guards of append-only tables."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, delete, insert

from serve.database.tables import ERASING


@contextmanager
def erasing(connection: Connection, why: str) -> Iterator[None]:
    """Within the block, inside a writing transaction, rows of append-only tables may be changed; no other transaction
    sees the permission."""
    connection.execute(insert(ERASING).values(why=why))
    yield
    connection.execute(delete(ERASING))
