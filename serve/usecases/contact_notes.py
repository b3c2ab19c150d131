"""Read the notes of earlier contacts, personal parts only for those who may see them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

import orjson

from kqml.calendar.business_time import moment_of
from kqml.contract.notes import BusinessNote, ContactNote
from serve.database.contact_reports import latest_notes
from serve.security.audit import Actor, AuditEvent, record_event
from serve.security.callers import Caller, Scope
from serve.security.contact_vault import open_notes
from serve.security.encryption import Cipher
from serve.usecases.database_access import Transaction

NOTES = 3
"""Notes of an account that a brief shows."""


@dataclass(frozen=True)
class NoteReader:
    """Who reads notes, by which request, with the cipher of their personal parts."""

    caller: Caller
    request_id: str
    cipher: Cipher
    now: int

    @property
    def sees_personal(self) -> bool:
        """Whether the caller may see personal parts; reading them writes to the audit log."""
        return Scope.SEE_PERSONAL in self.caller.scopes


def read_notes(
    transaction: Transaction, accounts: Sequence[str], reader: NoteReader | None = None
) -> dict[str, list[ContactNote]]:
    """Return the last notes of accounts, the newest first; without a reader no personal parts and no contacts."""
    connection = transaction.connection
    rows = latest_notes(connection, accounts, NOTES)
    personal: dict[str, str | None] = {}
    if reader is not None and reader.sees_personal:
        sealed = [row for notes in rows.values() for row in notes if row["personal"] is not None]
        keys = [(row["contact_id"], row["decision_id"], row["personal"]) for row in sealed]
        texts = open_notes(connection, reader.cipher, keys)
        personal = {row["decision_id"]: plain for row, plain in zip(sealed, texts, strict=True)}
        events = [AuditEvent("note.read", "contact", name) for name in sorted({row["contact_id"] for row in sealed})]
        record_event(connection, Actor(reader.caller.name, reader.request_id), events, reader.now)
    names_contacts = reader is not None and Scope.READ_CONTACTS in reader.caller.scopes
    return {
        account: [_note(row, transaction.time_zone, personal, names_contacts) for row in notes]
        for account, notes in rows.items()
    }


def _note(row: Mapping[str, Any], zone: str, personal: Mapping[str, str | None], names_contacts: bool) -> ContactNote:
    return ContactNote(
        decision_id=row["decision_id"],
        at=moment_of(row["at"], zone).isoformat(),
        contact_id=row["contact_id"] if names_contacts else None,
        business=cast(BusinessNote, orjson.loads(row["business"])),
        personal=personal.get(row["decision_id"]),
    )
