"""Fixtures of whatever tests the database: an empty, migrated one of one's own, on each database."""

import shutil
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest
from conftest import require
from sqlalchemy import text

from experiments.private_postgres import PROGRAMS, PostgresServer
from serve.database.engine import Database, open_database
from serve.database.migration import upgrade

DATABASES = ("sqlite", "postgresql")


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """One server for the tests of a process; what it holds need not survive anything."""
    require("postgres", bool(PROGRAMS), "install Debian's postgresql")
    server = PostgresServer("fsync=off", "full_page_writes=off", "max_connections=200")
    yield server
    server.remove()


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("store") / "template.db"
    database = open_database(f"sqlite:///{file}")
    upgrade(database)
    database.close()
    return file


@pytest.fixture(scope="session")
def new_database(postgres: PostgresServer) -> Iterator[Callable[..., str]]:
    """Makes a database by the address it returns, as a copy of another one where named."""
    admin = open_database(postgres.address("postgres"))
    numbers = count()

    def make(template: str = "template1") -> str:
        name = f"test_{next(numbers)}"
        with admin.reading() as connection:
            connection.execute(text(f"CREATE DATABASE {name} TEMPLATE {template}"))
        return postgres.address(name)

    yield make
    admin.close()


@pytest.fixture(scope="session")
def postgres_template(new_database: Callable[..., str]) -> str:
    database = open_database(new_database())
    upgrade(database)
    name = database.engine.url.database
    database.close()
    return str(name)


@pytest.fixture(params=DATABASES)
def backend(request: pytest.FixtureRequest) -> str:
    """Which database the test runs on."""
    return str(request.param)


@pytest.fixture
def empty_address(backend: str, tmp_path: Path, request: pytest.FixtureRequest) -> str:
    """The address of a database without tables."""
    if backend == "sqlite":
        return f"sqlite:///{tmp_path / 'empty.db'}"
    return str(request.getfixturevalue("new_database")())


@pytest.fixture
def database_address(backend: str, tmp_path: Path, request: pytest.FixtureRequest) -> str:
    """The address of a migrated, empty database."""
    if backend == "sqlite":
        shutil.copy(request.getfixturevalue("sqlite_template"), tmp_path / "kqml.db")
        return f"sqlite:///{tmp_path / 'kqml.db'}"
    return str(request.getfixturevalue("new_database")(request.getfixturevalue("postgres_template")))


@pytest.fixture
def database(database_address: str) -> Iterator[Database]:
    """A migrated, empty database."""
    opened = open_database(database_address)
    yield opened
    opened.close()
