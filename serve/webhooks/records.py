"""Webhooks and their deliveries in the database."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypedDict
from uuid import uuid4

from sqlalchemy import ColumnElement, Connection, RowMapping, and_, func, insert, select, update

from serve.database.tables import DELIVERIES, OUTBOX, WEBHOOKS
from serve.security.encryption import Cipher
from serve.webhooks.message_types import MessageKind
from serve.webhooks.signing import make_secret

SECRETS_AT_ONCE = 2
"""The newest signs beside the one before it, until the next is made."""


@dataclass(frozen=True)
class WebhookRecord:
    """A stored webhook; `secrets`: the newest first."""

    webhook_id: str
    url: str
    kinds: tuple[MessageKind, ...]
    secrets: tuple[str, ...]
    created_at: int
    disabled_at: int | None


@dataclass(frozen=True)
class NewWebhook:
    """The properties of a new webhook."""

    url: str
    kinds: frozenset[MessageKind]
    created_by: str


def add_webhook(connection: Connection, cipher: Cipher, request: NewWebhook, now: int) -> WebhookRecord:
    """Store a new webhook with its first secret and return it."""
    webhook_id, secrets, kinds = f"wh_{uuid4().hex}", (make_secret(),), tuple(sorted(request.kinds))
    connection.execute(
        insert(WEBHOOKS).values(
            webhook_id=webhook_id,
            url=request.url,
            kinds=json.dumps(kinds),
            secrets=_encrypted(cipher, webhook_id, secrets),
            created_at=now,
            created_by=request.created_by,
        )
    )
    return WebhookRecord(webhook_id, request.url, kinds, secrets, now, None)


def list_webhooks(connection: Connection, cipher: Cipher) -> list[WebhookRecord]:
    """Return every webhook, the oldest first."""
    request = select(WEBHOOKS).order_by(WEBHOOKS.c.created_at, WEBHOOKS.c.webhook_id)
    return [_record(row, cipher) for row in connection.execute(request).mappings()]


def find_webhook(connection: Connection, cipher: Cipher, webhook_id: str) -> WebhookRecord | None:
    """Return the webhook of an id; None where there is none."""
    request = select(WEBHOOKS).where(WEBHOOKS.c.webhook_id == webhook_id)
    row = connection.execute(request).mappings().one_or_none()
    return None if row is None else _record(row, cipher)


def renew_secret(connection: Connection, cipher: Cipher, webhook: WebhookRecord) -> str:
    """Add a new secret and return it; the one before keeps signing too."""
    secrets = (make_secret(), *webhook.secrets)[:SECRETS_AT_ONCE]
    _keep_secrets(connection, cipher, webhook.webhook_id, secrets)
    return secrets[0]


def disable_webhook(connection: Connection, webhook_id: str, now: int) -> bool:
    """Disable a webhook and cancel its deliveries; return False where there is no enabled one."""
    live = (WEBHOOKS.c.webhook_id == webhook_id) & WEBHOOKS.c.disabled_at.is_(None)
    if not connection.execute(update(WEBHOOKS).where(live).values(disabled_at=now)).rowcount:
        return False
    waiting = and_(DELIVERIES.c.webhook_id == webhook_id, DELIVERIES.c.next_at.is_not(None))
    ended = {"next_at": None, "dead_at": now, "fault": "the webhook was disabled"}
    connection.execute(update(DELIVERIES).where(waiting).values(**ended))
    return True


def list_dead(connection: Connection, limit: int) -> Sequence[dict[str, Any]]:
    """Return dead messages, the latest first."""
    columns = (DELIVERIES.c.message_id, DELIVERIES.c.webhook_id, OUTBOX.c.kind, DELIVERIES.c.attempts)
    request = select(*columns, DELIVERIES.c.dead_at, DELIVERIES.c.fault).join_from(DELIVERIES, OUTBOX)
    newest = (DELIVERIES.c.dead_at.desc(), DELIVERIES.c.message_id)
    dead = request.where(DELIVERIES.c.dead_at.is_not(None)).order_by(*newest).limit(limit)
    return [dict(row) for row in connection.execute(dead).mappings()]


def replay(connection: Connection, now: int, webhook_id: str | None, message_id: str | None) -> int:
    """Send dead messages again: those of a webhook, one message, or all; return how many. Disabled webhooks are
    skipped."""
    live = select(WEBHOOKS.c.webhook_id).where(WEBHOOKS.c.disabled_at.is_(None))
    where: list[ColumnElement[bool]] = [DELIVERIES.c.dead_at.is_not(None), DELIVERIES.c.webhook_id.in_(live)]
    if webhook_id is not None:
        where.append(DELIVERIES.c.webhook_id == webhook_id)
    if message_id is not None:
        where.append(DELIVERIES.c.message_id == message_id)
    again = {"attempts": 0, "next_at": now, "dead_at": None}
    return connection.execute(update(DELIVERIES).where(*where).values(**again)).rowcount


class DeliveryCounts(TypedDict):
    """How many messages of a webhook are pending, delivered, dead."""

    waiting: int
    delivered: int
    dead: int


NO_DELIVERIES = DeliveryCounts(waiting=0, delivered=0, dead=0)


def count_deliveries(connection: Connection) -> dict[str, DeliveryCounts]:
    """Return webhook → the counts of its messages."""
    ends = {"waiting": DELIVERIES.c.next_at, "delivered": DELIVERIES.c.delivered_at, "dead": DELIVERIES.c.dead_at}
    counts = (func.count(column).label(name) for name, column in ends.items())
    request = select(DELIVERIES.c.webhook_id, *counts).group_by(DELIVERIES.c.webhook_id)
    rows = connection.execute(request).mappings()
    return {
        row["webhook_id"]: DeliveryCounts(waiting=row["waiting"], delivered=row["delivered"], dead=row["dead"])
        for row in rows
    }


def rotate_secrets(connection: Connection, cipher: Cipher) -> int:
    """Encrypt secrets with the newest key of the settings; return how many webhooks had them encrypted with another
    one."""
    stored = connection.execute(select(WEBHOOKS.c.webhook_id, WEBHOOKS.c.secrets)).tuples().all()
    stale = [(name, encrypted) for name, encrypted in stored if not cipher.is_current(encrypted)]
    for name, encrypted in stale:
        _keep_secrets(connection, cipher, name, _opened(cipher, name, encrypted))
    return len(stale)


def _keep_secrets(connection: Connection, cipher: Cipher, webhook_id: str, secrets: Sequence[str]) -> None:
    retained = update(WEBHOOKS).where(WEBHOOKS.c.webhook_id == webhook_id)
    connection.execute(retained.values(secrets=_encrypted(cipher, webhook_id, secrets)))


def _record(row: RowMapping, cipher: Cipher) -> WebhookRecord:
    return WebhookRecord(
        webhook_id=row["webhook_id"],
        url=row["url"],
        kinds=tuple(MessageKind(kind) for kind in json.loads(row["kinds"])),
        secrets=_opened(cipher, row["webhook_id"], row["secrets"]),
        created_at=row["created_at"],
        disabled_at=row["disabled_at"],
    )


def _encrypted(cipher: Cipher, webhook_id: str, secrets: Sequence[str]) -> str:
    return cipher.seal(json.dumps(list(secrets)), f"webhooks.{webhook_id}")


def _opened(cipher: Cipher, webhook_id: str, encrypted: str) -> tuple[str, ...]:
    return tuple(json.loads(cipher.open(encrypted, f"webhooks.{webhook_id}")))
