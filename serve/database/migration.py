"""Migrate the tables of the database to the revision of this program."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from kqml.errors import CouldNot, Fault
from serve.database.engine import Database

_LOCK = 0x6B716D6C
"""Two processes that start together must not both migrate; SQLite's one writer needs no such number."""


def upgrade(database: Database) -> None:
    """Migrate the database to the newest revision, whole or not at all. Raises CouldNot where a newer program migrated
    it."""
    with database.writing() as connection:
        if not database.is_sqlite:
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_LOCK})")
        here, known = revision(connection), _scripts()
        if here == known.get_current_head():
            return
        if here is not None and here not in {script.revision for script in known.walk_revisions()}:
            fault = Fault("alembic_version", f"{here} is not known", "use the program that wrote it, or a newer one")
            raise CouldNot("The database was written by a newer program.", [fault])
        command.upgrade(_config(connection), "head")


def downgrade(database: Database, to: str) -> None:
    """Migrate the database back to an earlier revision, or to `base`, which has no tables; columns and tables of later
    revisions are lost."""
    with database.writing() as connection:
        command.downgrade(_config(connection), to)


def revision(connection: Connection) -> str | None:
    """Return the revision of the database's tables; None where it has none."""
    return MigrationContext.configure(connection).get_current_revision()


def revisions() -> list[str]:
    """Return every revision, the oldest first."""
    return [script.revision for script in _scripts().walk_revisions()][::-1]


def _scripts() -> ScriptDirectory:
    return ScriptDirectory.from_config(_plain_config())


def _plain_config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.set_main_option("path_separator", "os")
    return config


def _config(connection: Connection) -> Config:
    config = _plain_config()
    config.attributes["connection"] = connection
    return config
