"""Erase and export people's personal data: on request of the person, or when the retention period is over."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from kqml.contract.administration import Erased, ErasedAccount
from serve.database.contacts import read_contact
from serve.database.events import accounts_seen
from serve.database.territory import EVERYWHERE, Territory
from serve.security import account_erasure, erasure
from serve.security.audit import Actor, AuditEvent, record_event
from serve.security.contact_vault import MaskingVault
from serve.security.encryption import Cipher
from serve.security.erasure import ErasedCounts, RetentionLimits
from serve.usecases.refusals import UnknownRecord

__all__ = [
    "AccountErasureRequest",
    "ErasedCounts",
    "PersonRequest",
    "RetentionLimits",
    "erase_account",
    "erase_expired",
    "erase_person",
    "export_person",
]


@dataclass(frozen=True)
class PersonRequest:
    """A contact, who asks for what is stored about the person or for its erasure, when."""

    contact_id: str
    actor: Actor
    now: int
    territory: Territory = EVERYWHERE


@dataclass(frozen=True)
class AccountErasureRequest:
    """Who asks for the erasure of an account, when."""

    actor: Actor
    now: int
    territory: Territory = EVERYWHERE


def erase_person(connection: Connection, request: PersonRequest) -> Erased:
    """Clear the contact's personal fields and life events, destroy the key of the fields. Raises UnknownRecord."""
    if read_contact(connection, request.contact_id, request.territory, MaskingVault()) is None:
        raise UnknownRecord("contact", request.contact_id)
    events = erasure.erase(connection, request.actor, request.contact_id, request.now)
    return Erased(contact_id=request.contact_id, events=events or 0)


def erase_account(connection: Connection, account_id: str, request: AccountErasureRequest) -> ErasedAccount:
    """Erase an account with its contacts; numbers stay under its id. Raises UnknownRecord."""
    if not accounts_seen(connection, [account_id], request.territory):
        raise UnknownRecord("account", account_id)
    counts = account_erasure.erase_account(connection, request.actor, account_id, request.now) or {}
    return ErasedAccount(account_id=account_id, contacts=counts["contacts"], events=counts["events"])


def export_person(connection: Connection, request: PersonRequest, cipher: Cipher) -> Mapping[str, Any]:
    """Return the record (`contact`) and the events (`events`) of a contact, decrypted. Raises UnknownRecord."""
    content = erasure.export_contact(connection, cipher, request.contact_id)
    if content is None:
        raise UnknownRecord("contact", request.contact_id)
    event = AuditEvent("contact.export", "contact", request.contact_id)
    record_event(connection, request.actor, [event], request.now)
    return content


def erase_expired(connection: Connection, actor: Actor, limits: RetentionLimits, now: int) -> ErasedCounts:
    """Erase all records past their retention period; return how many of each kind."""
    return erasure.erase_expired(connection, actor, limits, now)
