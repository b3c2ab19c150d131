"""The audit log: who read or changed what, when, by which request; never personal data."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, delete, insert, select

from serve.database.tables import AUDIT_LOG
from serve.security.erasure_mode import erasing


@dataclass(frozen=True)
class Actor:
    """Who acts, by which request. `name` as in `Caller`, or `command:USER` for the command line."""

    name: str
    request_id: str | None = None


@dataclass(frozen=True)
class AuditEvent:
    """An action on a subject. `action` such as `contact.read`; `details`: ids, names of fields, counts."""

    action: str
    subject_kind: str | None = None
    subject: str | None = None
    details: Mapping[str, Any] | None = None


def record_event(connection: Connection, actor: Actor, events: Sequence[AuditEvent], at: int) -> None:
    """Write the events in the transaction of the actions, so that neither exists without the other."""
    if events:
        connection.execute(insert(AUDIT_LOG), [_row(actor, event, at) for event in events])


@dataclass(frozen=True)
class AuditQuery:
    """Which entries: column → value, with a number below `before`, at most `limit`."""

    filters: Mapping[str, str]
    before: int | None
    limit: int


def read_audit_log(connection: Connection, query: AuditQuery) -> Sequence[Mapping[str, Any]]:
    """Return the entries, the newest first."""
    newest = select(AUDIT_LOG).order_by(AUDIT_LOG.c.number.desc()).limit(query.limit)
    chosen = newest.where(*(AUDIT_LOG.c[name] == value for name, value in query.filters.items()))
    if query.before is not None:
        chosen = chosen.where(AUDIT_LOG.c.number < query.before)
    return [dict(row) for row in connection.execute(chosen).mappings()]


def delete_old_events(connection: Connection, before: int) -> int:
    """Delete the entries older than the retention period; return how many."""
    with erasing(connection, "retention of the audit log"):
        return connection.execute(delete(AUDIT_LOG).where(AUDIT_LOG.c.at < before)).rowcount


def _row(actor: Actor, event: AuditEvent, at: int) -> dict[str, Any]:
    return {
        "at": at,
        "actor": actor.name,
        "action": event.action,
        "subject_kind": event.subject_kind,
        "subject": event.subject,
        "request_id": actor.request_id,
        "details": None if event.details is None else json.dumps(event.details, ensure_ascii=False, sort_keys=True),
    }
