"""How the database is opened, what its transactions keep."""

import threading

import pytest
from sqlalchemy import select, text

from kqml.errors import BadUse
from serve.database.engine import open_database, parse_address
from serve.database.tables import DATABASE_INFO


@pytest.mark.parametrize(
    ("address", "meant"),
    [
        ("sqlite:///a/kqml.db", "sqlite:///a/kqml.db"),
        ("postgresql://u@h:5433/d", "postgresql+psycopg://u@h:5433/d"),
        ("postgresql+psycopg://u@h/d", "postgresql+psycopg://u@h/d"),
    ],
)
def test_addresses_are_understood(address, meant):
    assert parse_address(address).render_as_string(hide_password=False) == meant


@pytest.mark.parametrize("address", ["", "kqml.db", "mysql://u@h/d", "sqlite://", "sqlite:///:memory:", "://"])
def test_other_addresses_are_bad_use(address):
    with pytest.raises(BadUse, match="database address"):
        open_database(address)


def put(connection, key):
    connection.execute(DATABASE_INFO.insert(), {"key": key, "value": "1"})


def keys(database):
    with database.reading() as connection:
        return sorted(connection.execute(select(DATABASE_INFO.c.key)).scalars())


def test_a_block_that_raises_leaves_nothing(database):
    with pytest.raises(ZeroDivisionError, match="division"), database.writing() as connection:
        put(connection, "a")
        1 / 0  # noqa: B018
    assert keys(database) == []


def test_writers_take_turns(database):
    """Each reads what is there, then adds one more: without turns two of them would add the same."""

    def add():
        for _ in range(5):
            with database.writing() as connection:
                connection.execute(text("LOCK TABLE store_info" if not database.is_sqlite else "SELECT 1"))
                put(connection, f"{len(connection.execute(select(DATABASE_INFO)).all()):03}")

    threads = [threading.Thread(target=add) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert keys(database) == [f"{number:03}" for number in range(30)]


def test_a_snapshot_sees_one_state(database):
    with database.snapshot() as early:
        assert early.execute(select(DATABASE_INFO)).all() == []
        with database.writing() as connection:
            put(connection, "a")
        assert early.execute(select(DATABASE_INFO)).all() == []
    assert keys(database) == ["a"]


def test_an_acknowledged_write_on_sqlite_is_on_disk(database, backend):
    if backend != "sqlite":
        with database.reading() as connection:
            assert connection.exec_driver_sql("SHOW synchronous_commit").scalar() == "on"
        return
    with database.reading() as connection:
        found = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in ("journal_mode", "synchronous")
        }
    assert found == {"journal_mode": "wal", "synchronous": 2}
