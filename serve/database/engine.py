"""A connection pool to SQLite or PostgreSQL, with three kinds of transaction."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError

from kqml.errors import BadUse, Fault

BUSY_SECONDS = 15
"""How long a writer waits for another one, on SQLite."""

CONNECTIONS = 48
"""Connections of one process at most: one for each thread and some to spare."""

_MODE = "kqml_mode"
_PRAGMAS = (
    "journal_mode=WAL",
    "synchronous=FULL",  # an acknowledged write survives a loss of power, not only of the process
    f"busy_timeout={BUSY_SECONDS * 1000}",
    "foreign_keys=ON",
    "recursive_triggers=ON",  # else INSERT OR REPLACE would pass by the guards
    "cache_size=-65536",
    "mmap_size=1073741824",
)


@dataclass(frozen=True)
class Database:
    """An open database. Every block takes a connection from the pool; a block that raises changes nothing."""

    engine: Engine

    @property
    def is_sqlite(self) -> bool:
        return self.engine.dialect.name == "sqlite"

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Open it for single statements, each of which sees what is committed when it runs."""
        level = {} if self.is_sqlite else {"isolation_level": "AUTOCOMMIT"}
        with self.engine.connect() as connection:
            yield connection.execution_options(**{_MODE: "none", **level})

    @contextmanager
    def snapshot(self) -> Iterator[Connection]:
        """Open it for several statements that must see the same state."""
        level = {} if self.is_sqlite else {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
        with self.engine.connect().execution_options(**{_MODE: "DEFERRED", **level}) as connection, connection.begin():
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """Open it for a change that is committed when the block ends. SQLite has one writer; others wait."""
        with self.engine.connect().execution_options(**{_MODE: "IMMEDIATE"}) as connection, connection.begin():
            yield connection

    def close(self) -> None:
        self.engine.dispose()


def open_database(address: str) -> Database:
    """Open the database at an address, in whatever state (see `serve.database.migration.upgrade`). Raises BadUse where
    it is neither SQLite nor PostgreSQL."""
    url = parse_address(address)
    if url.get_backend_name() == "sqlite":
        Path(str(url.database)).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(
        url, pool_size=CONNECTIONS, max_overflow=0, pool_timeout=30, connect_args=_CONNECT[url.get_backend_name()]
    )
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    return Database(engine)


_CONNECT: dict[str, dict[str, Any]] = {
    "sqlite": {"timeout": BUSY_SECONDS, "check_same_thread": False},
    "postgresql": {"connect_timeout": 10, "application_name": "kqml"},
}


def parse_address(address: str) -> URL:
    """Return the address as a URL of SQLAlchemy; `postgresql://` uses psycopg. Raises BadUse."""
    try:
        url = make_url(address)
    except ArgumentError as error:
        raise _unusable("it is not an address") from error
    if url.get_backend_name() == "sqlite" and url.database not in (None, "", ":memory:"):
        return url
    if url.get_backend_name() == "postgresql":
        return url.set(drivername="postgresql+psycopg")
    raise _unusable(f"it names {url.get_backend_name()}" if url.get_backend_name() != "sqlite" else "it names no file")


def _unusable(why: str) -> BadUse:
    todo = "give sqlite:///FILE or postgresql://USER@HOST/DATABASE"
    return BadUse("The database address cannot be used.", [Fault("KQML_DATABASE_URL or --database", why, todo)])


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # sqlite3 begins no transactions of its own
    for pragma in _PRAGMAS:
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    mode = connection.get_execution_options().get(_MODE, "IMMEDIATE")
    if mode == "DEFERRED":
        connection.connection.cursor().execute(
            "BEGIN DEFERRED"
        )  # cannot fail; by SQLAlchemy it takes ten times as long
    elif mode != "none":
        connection.exec_driver_sql(f"BEGIN {mode}")
