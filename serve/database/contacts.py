"""Store and read contacts; their personal fields are encrypted in the database."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Protocol

from sqlalchemy import Connection, func, select

from serve.database.events import erased_accounts
from serve.database.records import StoredRecord, parts_of, put_rows, read_rows
from serve.database.rejected_rows import ItemFault, RejectedRows
from serve.database.tables import ACCOUNTS, CONTACTS
from serve.database.territory import Territory
from serve.database.week_updates import queue_accounts

Row = Mapping[str, Any]

PART = 500
"""Contacts that are decrypted at once."""


class Vault(Protocol):
    """Encrypts personal fields. Equal texts of the same contact have equal ciphertexts."""

    def seal(self, connection: Connection, records: Sequence[Row]) -> Sequence[Row]: ...
    def open(self, connection: Connection, rows: Sequence[Row]) -> Sequence[Row]: ...


def put_contacts(
    connection: Connection, records: Sequence[Row], now: int, territory: Territory, vault: Vault
) -> list[StoredRecord]:
    """Store the contacts; return each with its stored state before, encrypted.

    Raises RejectedRows where an account is outside the territory or a contact was erased.
    """
    stored = read_rows(connection, CONTACTS, (record["contact_id"] for record in records))
    if faults := list(_faults(connection, records, stored, territory)):
        raise RejectedRows(faults)
    puts = put_rows(connection, CONTACTS, vault.seal(connection, records), now)
    queue_accounts(connection, (put.after["account_id"] for put in puts if _has_new_birthday(put)), now)
    return puts


def _has_new_birthday(put: StoredRecord) -> bool:
    birthday = put.after["birthday"]
    return birthday is not None and (put.before is None or put.before["birthday"] != birthday)


def contacts_with_birthdays(connection: Connection) -> Iterator[list[Row]]:
    """Yield the contacts that have a birthday, encrypted, in parts: contact_id, account_id, birthday."""
    columns = (CONTACTS.c.contact_id, CONTACTS.c.account_id, CONTACTS.c.birthday)
    request = select(*columns).where(CONTACTS.c.birthday.is_not(None)).order_by(CONTACTS.c.contact_id)
    for part in connection.execute(request).mappings().partitions(PART):
        yield [dict(row) for row in part]


def read_contact(connection: Connection, contact_id: str, territory: Territory, vault: Vault) -> Row | None:
    """Return a contact, decrypted; None where it does not exist in the territory."""
    request = select(CONTACTS).where(CONTACTS.c.contact_id == contact_id, territory.of("contacts"))
    rows = connection.execute(request).mappings().first()
    return None if rows is None else vault.open(connection, [dict(rows)])[0]


def list_contacts(
    connection: Connection, account_id: str, vault: Vault, limit: int, after: str | None = None
) -> Sequence[Row]:
    """Return at most `limit` contacts of an account by id, from the one behind `after` on."""
    request = select(CONTACTS).where(CONTACTS.c.account_id == account_id).order_by(CONTACTS.c.contact_id).limit(limit)
    if after is not None:
        request = request.where(CONTACTS.c.contact_id > after)
    return vault.open(connection, [dict(row) for row in connection.execute(request).mappings()])


def count_contacts(connection: Connection, account_id: str) -> int:
    """Return how many contacts of an account are stored and not erased."""
    known = CONTACTS.c.account_id == account_id, CONTACTS.c.erased_at.is_(None)
    return int(connection.execute(select(func.count()).select_from(CONTACTS).where(*known)).scalar_one())


def roles_of_accounts(connection: Connection, ids: Sequence[str]) -> dict[str, list[str]]:
    """Return the roles of each account's contacts, which are not personal fields; erased contacts have none."""
    roles: dict[str, list[str]] = {}
    for part in parts_of(ids):
        request = select(CONTACTS.c.account_id, CONTACTS.c.role).where(CONTACTS.c.account_id.in_(part))
        present = request.where(CONTACTS.c.role.is_not(None), CONTACTS.c.erased_at.is_(None))
        for account, role in connection.execute(present.order_by(CONTACTS.c.contact_id)):
            roles.setdefault(account, []).append(role)
    return roles


def _faults(
    connection: Connection, records: Sequence[Row], stored: Mapping[str, Row], territory: Territory
) -> Iterator[ItemFault]:
    accounts = {row["account_id"] for row in (*records, *stored.values())}
    owners = read_rows(connection, ACCOUNTS, accounts) if territory.reps is not None else {}
    erased = erased_accounts(connection, {record["account_id"] for record in records})
    for index, record in enumerate(records):
        before = stored.get(record["contact_id"])
        if before is not None and not _covers(territory, owners, before["account_id"]):
            yield ItemFault(index, "contact_id", f"there is no contact {record['contact_id']!r}")
        elif before is not None and before["erased_at"] is not None:
            text = f"{record['contact_id']!r} was erased: a person's data must not come back; use another id"
            yield ItemFault(index, "contact_id", text)
        elif record["account_id"] in erased:
            yield ItemFault(index, "account_id", f"account {record['account_id']!r} was erased")
        elif not _covers(territory, owners, record["account_id"]):
            yield ItemFault(index, "account_id", f"account {record['account_id']!r} does not exist")


def _covers(territory: Territory, owners: Mapping[str, Row], account_id: str) -> bool:
    return territory.reps is None or territory.covers(owners.get(account_id, {}).get("owner_rep_id"))
