"""Encryption of contacts' personal fields. Each contact has a key of its own, encrypted with a key of the settings
(`serve.security.encryption`): rotating the latter re-encrypts only these keys, and erasing a contact destroys its key.
"""

import base64
import hmac
import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import Connection, RowMapping, delete, select, update

from kqml.errors import CouldNot, Fault
from serve.database.records import parts_of, read_rows
from serve.database.tables import CONTACT_KEYS, CONTACTS
from serve.database.upserting import insert_absent
from serve.security.encryption import Cipher

Row = RowMapping | Mapping[str, Any]
Keys = Mapping[str, bytes]

PERSONAL = (
    "name",
    "phone",
    "birthday",
    "education",
    "home_town",
    "family",
    "character",
    "hobbies",
    "attributes",
)
"""Columns about the person; `role`, `influence` say what the person is to the account."""

_MARK = "field1:"
_NONCE_BYTES = 12


@dataclass(frozen=True)
class ContactVault:
    """Encrypts and decrypts records of contacts with the keys of the settings."""

    cipher: Cipher

    def seal(self, connection: Connection, records: Sequence[Row]) -> list[dict[str, Any]]:
        """Return the records encrypted. Equal texts of the same field have equal ciphertexts, so that comparing rows
        shows changes; nothing else can be learned from them."""
        keys = _keys(connection, self.cipher, [str(record["contact_id"]) for record in records], make=True)
        return [_each(record, _seal, keys) for record in records]

    def open(self, connection: Connection, rows: Sequence[Row]) -> list[dict[str, Any]]:
        """Return the rows with their personal fields decrypted. Raises CouldNot where a key is missing."""
        keys = _keys(connection, self.cipher, [str(row["contact_id"]) for row in rows])
        return [_each(row, _open, keys) for row in rows]


def seal_note(connection: Connection, cipher: Cipher, contact_id: str, note_id: str, plain: str) -> str:
    """Return a note about a contact, encrypted with the contact's key."""
    keys = _keys(connection, cipher, [contact_id], make=True)
    return _seal(plain, f"{contact_id}.notes.{note_id}", keys[contact_id])


def open_notes(connection: Connection, cipher: Cipher, notes: Sequence[tuple[str, str, str]]) -> list[str | None]:
    """Return notes (contact id, note id, encrypted text) decrypted; None where the contact's key was destroyed."""
    keys = _keys(connection, cipher, [contact for contact, _, _ in notes])
    return [
        _open(encrypted, f"{contact}.notes.{note}", keys[contact]) if contact in keys else None
        for contact, note, encrypted in notes
    ]


@dataclass(frozen=True)
class MaskingVault:
    """Decrypts nothing: for readers of contacts that need no personal fields."""

    def seal(self, connection: Connection, records: Sequence[Row]) -> list[dict[str, Any]]:
        """Raise: a masked record must not be stored."""
        raise NotImplementedError

    def open(self, connection: Connection, rows: Sequence[Row]) -> list[dict[str, Any]]:
        """Return the rows without personal fields."""
        return [mask_contact(row) for row in rows]


@dataclass(frozen=True)
class PresenceVault:
    """Shows which personal fields are filled in, not what they say; keys of `attributes` are not seen."""

    def seal(self, connection: Connection, records: Sequence[Row]) -> list[dict[str, Any]]:
        """Raise: such a record must not be stored."""
        raise NotImplementedError

    def open(self, connection: Connection, rows: Sequence[Row]) -> list[dict[str, Any]]:
        """Return the rows with a mark in each personal field that has a value."""
        return [{str(name): _presence(str(name), value) for name, value in row.items()} for row in rows]


def _presence(name: str, value: Any) -> Any:
    if name not in PERSONAL or value is None:
        return value
    return None if name == "attributes" else FILLED


FILLED = "•"


MASKED = MaskingVault()


@dataclass(frozen=True)
class BirthdayVault:
    """Decrypts birthdays only: for required actions, which no other personal field concerns."""

    cipher: Cipher

    def seal(self, connection: Connection, records: Sequence[Row]) -> list[dict[str, Any]]:
        """Raise: a masked record must not be stored."""
        raise NotImplementedError

    def open(self, connection: Connection, rows: Sequence[Row]) -> list[dict[str, Any]]:
        """Return the rows with the birthday as the only personal field."""
        masked = [{**mask_contact(row), "birthday": row["birthday"]} for row in rows]
        return ContactVault(self.cipher).open(connection, masked)


def mask_contact(row: Row) -> dict[str, Any]:
    """Return the row without personal fields."""
    return {str(name): None if name in PERSONAL else value for name, value in row.items()}


def erase_contact(connection: Connection, contact_id: str, now: int) -> bool:
    """Destroy the contact's key and clear its personal fields; return False where there is no such contact."""
    stored = read_rows(connection, CONTACTS, [contact_id], lock=True).get(contact_id)
    if stored is None:
        return False
    connection.execute(delete(CONTACT_KEYS).where(CONTACT_KEYS.c.contact_id == contact_id))
    emptied: dict[str, Any] = dict.fromkeys(PERSONAL)
    emptied |= {"erased_at": stored["erased_at"] or now, "updated_at": now, "version": stored["version"] + 1}
    connection.execute(update(CONTACTS).where(CONTACTS.c.contact_id == contact_id).values(**emptied))
    return True


def rotate_keys(connection: Connection, cipher: Cipher) -> int:
    """Encrypt the contacts' keys with the newest key of the settings; return how many were
    encrypted with another one."""
    stored = connection.execute(select(CONTACT_KEYS)).tuples().all()
    stale = [(contact, encrypted) for contact, encrypted in stored if not cipher.is_current(encrypted)]
    for contact, encrypted in stale:
        fresh = cipher.seal(cipher.open(encrypted, _place(contact)), _place(contact))
        connection.execute(update(CONTACT_KEYS).where(CONTACT_KEYS.c.contact_id == contact).values(sealed_key=fresh))
    return len(stale)


def _each(row: Row, change: Callable[[str, str, bytes | None], str], keys: Keys) -> dict[str, Any]:
    contact = str(row["contact_id"])
    return {
        str(name): change(value, f"{contact}.{name}", keys.get(contact))
        if name in PERSONAL and value is not None
        else value
        for name, value in row.items()
    }


def _keys(connection: Connection, cipher: Cipher, contacts: Sequence[str], make: bool = False) -> Keys:
    stored = dict(_stored(connection, contacts))
    missing = [contact for contact in dict.fromkeys(contacts) if contact not in stored] if make else []
    if missing:
        fresh = [{"contact_id": name, "sealed_key": cipher.seal(_random_key(), _place(name))} for name in missing]
        insert_absent(connection, CONTACT_KEYS, fresh)
        stored |= dict(_stored(connection, missing))
    return {name: base64.b64decode(cipher.open(encrypted, _place(name))) for name, encrypted in stored.items()}


def _stored(connection: Connection, contacts: Sequence[str]) -> Iterable[tuple[str, str]]:
    for part in parts_of(contacts):
        yield from connection.execute(select(CONTACT_KEYS).where(CONTACT_KEYS.c.contact_id.in_(part))).tuples()


def _random_key() -> str:
    return base64.b64encode(secrets.token_bytes(32)).decode()


def _place(contact: str) -> str:
    return f"contact_keys.{contact}"


def _seal(plain: str, context: str, key: bytes | None) -> str:
    assert key is not None
    nonce = hmac.new(key, f"{context}\0{plain}".encode(), sha256).digest()[:_NONCE_BYTES]
    encrypted = AESGCM(key).encrypt(nonce, plain.encode(), context.encode())
    return _MARK + base64.urlsafe_b64encode(nonce + encrypted).decode()


def _open(encrypted: str, context: str, key: bytes | None) -> str:
    if not encrypted.startswith(_MARK):
        return encrypted  # kept before there was a vault
    if key is None:
        raise _unreadable(context, "its key was destroyed")
    raw = base64.urlsafe_b64decode(encrypted.removeprefix(_MARK))
    try:
        return AESGCM(key).decrypt(raw[:_NONCE_BYTES], raw[_NONCE_BYTES:], context.encode()).decode()
    except InvalidTag as error:
        raise _unreadable(context, "the encrypted text was changed or moved") from error


def _unreadable(context: str, why: str) -> CouldNot:
    return CouldNot("A field of a contact cannot be decrypted.", [Fault(context, why, "send the contact again")])
