"""Moving of a registry on SQLite: rewrites the artifact addresses that MLflow stores."""

import sqlite3
from contextlib import closing
from pathlib import Path


def move_addresses(database: Path, before: str, now: str) -> int:
    """Replace the folder `before` by `now` at the beginning of every address, in every table; return how many changed.

    An address that is the folder itself counts too: MLflow writes new runs below that of the experiment.
    """
    if before == now:
        return 0
    with closing(sqlite3.connect(database)) as connection, connection:
        return sum(
            _replaced(connection, table, column, f"{scheme}{before}", f"{scheme}{now}")
            for table, column in _texts(connection)
            for scheme in ("", "file://")
        )


def _texts(connection: sqlite3.Connection) -> list[tuple[str, str]]:
    """Return every column of text."""
    tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()]
    columns = [
        (table, row) for table in tables for row in connection.execute(f'PRAGMA table_info("{table}")').fetchall()
    ]
    return [(table, row[1]) for table, row in columns if "CHAR" in row[2].upper() or row[2].upper() == "TEXT"]


def _replaced(connection: sqlite3.Connection, table: str, column: str, before: str, now: str) -> int:
    done = connection.execute(
        f'UPDATE "{table}" SET "{column}" = ? || substr("{column}", ?) WHERE substr("{column}" || \'/\', 1, ?) = ?',
        (now, len(before) + 1, len(before) + 1, f"{before}/"),
    )
    return done.rowcount
