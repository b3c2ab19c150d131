"""Maintain contacts: list, show, put them in. Personal fields are decrypted only for callers with the scope for them,
and each such reading is recorded in the audit log."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, cast

from kqml.contract.accounts import Contact
from kqml.contract.fields import field_names
from kqml.contract.records import RecordsPut
from serve.database import contacts as rows_of_contacts
from serve.database.records import columns_of, read_rows
from serve.database.tables import CONTACTS
from serve.security.audit import Actor, AuditEvent, record_event
from serve.security.callers import Caller, Scope
from serve.security.contact_vault import ContactVault, MaskingVault
from serve.security.encryption import Cipher
from serve.usecases.database_access import Transaction
from serve.usecases.maintain_records import PutRecordsRequest, put_records
from serve.usecases.merge_patch import patched_record
from serve.usecases.refusals import UnknownRecord
from serve.usecases.stored_rows import ContractPage, contract_fields, contract_page

Row = Mapping[str, Any]
FIELDS = field_names(Contact)


@dataclass(frozen=True)
class ContactReader:
    """Who reads contacts, by which request, with the cipher of personal fields."""

    caller: Caller
    request_id: str
    cipher: Cipher
    now: int

    @property
    def sees_personal(self) -> bool:
        """Whether the caller may see personal fields; reading them writes to the audit log."""
        return Scope.SEE_PERSONAL in self.caller.scopes

    @property
    def vault(self) -> ContactVault | MaskingVault:
        """What decrypts the personal fields, or leaves them out."""
        return ContactVault(self.cipher) if self.sees_personal else MaskingVault()


def list_contacts(
    transaction: Transaction, reader: ContactReader, account_id: str, limit: int, after: str | None
) -> ContractPage[Contact]:
    """Return one page of an account's contacts by id, from the one behind `after` on. Raises UnknownRecord."""
    transaction.require_account(account_id, reader.caller.territory)
    rows = rows_of_contacts.list_contacts(transaction.connection, account_id, reader.vault, limit + 1, after)
    _record_reading(transaction, reader, rows[:limit])
    return contract_page(rows, limit, ("contact_id",), lambda row: _contact(row, transaction.time_zone))


def show_contact(transaction: Transaction, reader: ContactReader, contact_id: str) -> Contact:
    """Return a contact. Raises UnknownRecord."""
    row = rows_of_contacts.read_contact(transaction.connection, contact_id, reader.caller.territory, reader.vault)
    if row is None:
        raise UnknownRecord("contact", contact_id)
    _record_reading(transaction, reader, [row])
    return _contact(row, transaction.time_zone)


def put_contacts(transaction: Transaction, request: PutRecordsRequest, cipher: Cipher) -> RecordsPut:
    """Replace contacts, their personal fields encrypted. Raises FaultyRequest where an account is outside the
    territory or a contact was erased."""
    connection, territory, vault = transaction.connection, request.caller.territory, ContactVault(cipher)
    return put_records(
        request,
        "contact_id",
        lambda rows: rows_of_contacts.put_contacts(connection, rows, request.now, territory, vault),
    )


def patch_contact(transaction: Transaction, request: PutRecordsRequest, cipher: Cipher) -> RecordsPut:
    """Change the fields given of the only contact of the request; the others are encrypted again as they are.

    Raises UnknownRecord, FaultyRequest as `put_contacts` does.
    """
    (changes,), connection, vault = request.records, transaction.connection, ContactVault(cipher)
    name, columns = changes["contact_id"], columns_of(CONTACTS)
    read_rows(connection, CONTACTS, [name], lock=True)
    stored = rows_of_contacts.read_contact(connection, name, request.caller.territory, vault)
    if stored is None:
        raise UnknownRecord("contact", name)
    record = patched_record({column: stored[column] for column in columns}, changes)
    return put_contacts(transaction, replace(request, records=[record]), cipher)


def _contact(row: Row, zone: str) -> Contact:
    return cast(Contact, contract_fields(row, FIELDS, zone))


def _record_reading(transaction: Transaction, reader: ContactReader, rows: Sequence[Row]) -> None:
    if reader.sees_personal:
        events = [AuditEvent("contact.read", "contact", row["contact_id"]) for row in rows]
        record_event(transaction.connection, Actor(reader.caller.name, reader.request_id), events, reader.now)
