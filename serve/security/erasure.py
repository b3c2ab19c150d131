"""Erase personal data: on request of the person, or when the retention period is over."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, delete, or_, select, update
from typing_extensions import TypedDict

from kqml.calendar.business_time import moment_of
from kqml.contract.fields import Count
from serve.database.contact_reports import clear_personal_notes, notes_about
from serve.database.erasure import CLEARED, PERSONAL_KINDS
from serve.database.idempotency import delete_old_replies as forget_answers
from serve.database.tables import ACCOUNTS, CONTACTS, DELIVERIES, EVENTS, OUTBOX, OVERDUE_NOTICES
from serve.security.audit import Actor, AuditEvent, delete_old_events, record_event
from serve.security.contact_vault import ContactVault, erase_contact, open_notes
from serve.security.encryption import Cipher
from serve.security.erasure_mode import erasing
from serve.security.sessions import SessionLimits, end_old_sessions
from serve.security.throttling import forget_old

DAY = 86_400 * 1_000_000
ANSWERS_KEPT = 7 * DAY


@dataclass(frozen=True)
class RetentionLimits:
    """How long records are kept, in days, as in `kqml.security_settings.RetentionSettings`; None: for ever."""

    contacts_of_ended_accounts: int | None
    contacts_untouched: int | None
    audit_log: int | None
    messages: int | None
    sessions: SessionLimits


def export_contact(connection: Connection, cipher: Cipher, contact_id: str) -> Mapping[str, Any] | None:
    """Return everything stored about a contact, decrypted: its record, its events, the notes about it; None where there
    is no such contact."""
    row = connection.execute(select(CONTACTS).where(CONTACTS.c.contact_id == contact_id)).mappings().one_or_none()
    if row is None:
        return None
    events = select(EVENTS).where(EVENTS.c.contact_id == contact_id).order_by(EVENTS.c.occurred_at, EVENTS.c.event_id)
    rows = [{str(name): value for name, value in event.items()} for event in connection.execute(events).mappings()]
    contact = ContactVault(cipher).open(connection, [row])[0]
    return {"contact": contact, "events": rows, "notes": _notes(connection, cipher, contact_id)}


def _notes(connection: Connection, cipher: Cipher, contact_id: str) -> list[Mapping[str, Any]]:
    """Return the notes about a contact, decrypted."""
    notes = notes_about(connection, contact_id)
    sealed = [(contact_id, note["decision_id"], note["personal"]) for note in notes if note["personal"] is not None]
    plain = dict(zip((note_id for _, note_id, _ in sealed), open_notes(connection, cipher, sealed), strict=True))
    return [{**note, "personal": plain.get(note["decision_id"])} for note in notes]


def erase(connection: Connection, actor: Actor, contact_id: str, now: int) -> int | None:
    """Clear a contact's personal fields and life events and destroy its key; return how many events were cleared. None
    where there is no such contact."""
    if not erase_contact(connection, contact_id, now):
        return None
    cleared = _clear_events(connection, contact_id)
    clear_personal_notes(connection, contact_id)
    record_event(connection, actor, [AuditEvent("contact.erase", "contact", contact_id, {"events": cleared})], now)
    return cleared


class ErasedCounts(TypedDict):
    """How many records of each kind were erased."""

    contacts: Count
    events: Count
    messages: Count
    sessions: Count
    login_attempts: Count
    idempotency_keys: Count
    audit_log: Count


def erase_expired(connection: Connection, actor: Actor, limits: RetentionLimits, now: int) -> ErasedCounts:
    """Erase the records past their retention period; return how many of each kind."""
    contacts = _expired_contacts(connection, limits, now)
    kept_from = None if limits.audit_log is None else now - limits.audit_log * DAY
    counts = ErasedCounts(
        contacts=len(contacts),
        events=sum(erase(connection, actor, name, now) or 0 for name in contacts),
        messages=0 if limits.messages is None else _forget_messages(connection, now - limits.messages * DAY),
        sessions=end_old_sessions(connection, limits.sessions, now),
        login_attempts=forget_old(connection, now),
        idempotency_keys=forget_answers(connection, now - ANSWERS_KEPT),
        audit_log=0 if kept_from is None else delete_old_events(connection, kept_from),
    )
    record_event(connection, actor, [AuditEvent("retention", details=counts)], now)
    return counts


def _clear_events(connection: Connection, contact_id: str) -> int:
    """The content of life events; the events stay, features do not use them."""
    about = and_(EVENTS.c.contact_id == contact_id, EVENTS.c.kind.in_(PERSONAL_KINDS))
    emptied = dict.fromkeys(CLEARED)
    filled = or_(*(EVENTS.c[name].is_not(None) for name in emptied))
    with erasing(connection, "erasure of a contact"):
        return connection.execute(update(EVENTS).where(about, filled).values(**emptied)).rowcount


def _expired_contacts(connection: Connection, limits: RetentionLimits, now: int) -> list[str]:
    expired: list[ColumnElement[bool]] = []
    if limits.contacts_untouched is not None:
        expired.append(CONTACTS.c.updated_at < now - limits.contacts_untouched * DAY)
    if limits.contacts_of_ended_accounts is not None:
        expired.append(CONTACTS.c.account_id.in_(_ended_accounts(now - limits.contacts_of_ended_accounts * DAY)))
    if not expired:
        return []
    request = select(CONTACTS.c.contact_id).where(CONTACTS.c.erased_at.is_(None), or_(*expired))
    return list(connection.execute(request.order_by(CONTACTS.c.contact_id)).scalars())


def _ended_accounts(before: int) -> Select[tuple[str]]:
    """Accounts closed or transferred before an instant; those without a date by their last change."""
    ended = ACCOUNTS.c.status.in_(("closed", "transferred"))
    day = moment_of(before).date()
    long_ago = or_(
        ACCOUNTS.c.status_since < day, and_(ACCOUNTS.c.status_since.is_(None), ACCOUNTS.c.updated_at < before)
    )
    return select(ACCOUNTS.c.account_id).where(ended, long_ago)


def _forget_messages(connection: Connection, before: int) -> int:
    """Deletes messages that no delivery is pending for."""
    waiting = select(DELIVERIES.c.message_id).where(DELIVERIES.c.next_at.is_not(None))
    old = select(OUTBOX.c.message_id).where(OUTBOX.c.created_at < before, OUTBOX.c.message_id.not_in(waiting))
    connection.execute(delete(DELIVERIES).where(DELIVERIES.c.message_id.in_(old)))
    connection.execute(delete(OVERDUE_NOTICES).where(OVERDUE_NOTICES.c.noted_at < before))
    return connection.execute(
        delete(OUTBOX).where(OUTBOX.c.created_at < before, OUTBOX.c.message_id.not_in(waiting))
    ).rowcount
