"""The database opened for a use case, with what opens its contacts."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from serve.database.engine import Database
from serve.database.preparation import open_prepared
from serve.security.contact_vault import ContactVault
from serve.security.encryption import Cipher


@dataclass(frozen=True)
class OpenDatabase:
    """The database with the vault of its contacts' personal fields."""

    database: Database
    vault: ContactVault


@contextmanager
def open_database(address: str, time_zone: str, cipher: Cipher) -> Iterator[OpenDatabase]:
    """Open the database at an address, brought up to this program, while the block runs."""
    database = open_prepared(address, time_zone)
    try:
        yield OpenDatabase(database, ContactVault(cipher))
    finally:
        database.close()
