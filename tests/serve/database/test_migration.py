"""The database's tables, from every revision up, and down again."""

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import inspect, text

from kqml.errors import CouldNot
from serve.database.engine import open_database
from serve.database.migration import downgrade, revision, revisions, upgrade
from serve.database.tables import METADATA


@pytest.fixture
def empty(empty_address):
    database = open_database(empty_address)
    yield database
    database.close()


def differences(database):
    with database.reading() as connection:
        return compare_metadata(MigrationContext.configure(connection), METADATA)


def test_the_migrations_make_the_tables_that_the_code_knows(empty):
    upgrade(empty)
    upgrade(empty)
    assert differences(empty) == []
    with empty.reading() as connection:
        assert revision(connection) == revisions()[-1]


def test_down_and_up_again_step_by_step(empty):
    upgrade(empty)
    for step in [*revisions()[:-1][::-1], "base"]:
        downgrade(empty, step)
    assert set(inspect(empty.engine).get_table_names()) == {"alembic_version"}
    upgrade(empty)
    assert differences(empty) == []


def test_a_database_of_a_newer_program_is_left_alone(database):
    with database.writing() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(CouldNot, match="newer program"):
        upgrade(database)


def test_a_migration_that_fails_leaves_the_database_as_it_was(empty, monkeypatch):
    monkeypatch.setattr("serve.database.append_only._postgresql", lambda table: ["nonsense"])
    monkeypatch.setattr("serve.database.append_only._sqlite", lambda table: ["nonsense"])
    with pytest.raises(Exception, match="syntax"):
        upgrade(empty)
    assert inspect(empty.engine).get_table_names() == []
    with empty.reading() as connection:
        assert revision(connection) is None
