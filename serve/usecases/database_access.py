"""Access to the database for use cases: opened, in a transaction, in memory."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from sqlalchemy import Connection

from kqml.dataset.folder import Dataset
from serve.database.dataset_export import snapshot_dataset
from serve.database.engine import Database
from serve.database.events import accounts_seen
from serve.database.territory import Territory
from serve.security.contact_vault import ContactVault, MaskingVault, PresenceVault
from serve.security.encryption import Cipher
from serve.usecases.refusals import UnknownRecord


@dataclass(frozen=True)
class OpenDatabase:
    """The database with the vault of its contacts' personal fields."""

    database: Database
    vault: ContactVault


@dataclass(frozen=True)
class Transaction:
    """A transaction on the database, with the time zone of the company. Whoever opens it commits it."""

    connection: Connection
    time_zone: str

    def require_account(self, account_id: str, territory: Territory) -> None:
        """Raise UnknownRecord unless the account exists in the territory."""
        if not accounts_seen(self.connection, [account_id], territory):
            raise UnknownRecord("account", account_id)


@contextmanager
def open_database(address: str, time_zone: str, cipher: Cipher) -> Iterator[OpenDatabase]:
    """Open the database at an address with its vault while the block runs; migrate it before."""
    with prepared_database(address, time_zone) as database:
        yield OpenDatabase(database, ContactVault(cipher))


@contextmanager
def prepared_database(address: str, time_zone: str) -> Iterator[Database]:
    """Open the database at an address while the block runs; migrate it before, give a new one the time zone."""
    # Alembic is slow to import, and the workers of the service find the database migrated.
    from serve.database.preparation import open_prepared

    database = open_prepared(address, time_zone)
    try:
        yield database
    finally:
        database.close()


def read_masked_dataset(database: Database) -> Dataset:
    """Read one snapshot of the database into memory, without the personal fields of contacts."""
    return snapshot_dataset(database, MaskingVault())


def read_marked_dataset(database: Database) -> Dataset:
    """Read one snapshot of the database into memory, with a mark in each personal field that is filled in."""
    return snapshot_dataset(database, PresenceVault())
