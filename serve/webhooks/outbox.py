"""Messages written in the transaction of the change that they report."""

import json
from collections.abc import Mapping, Sequence

from sqlalchemy import Connection, select

from serve.database.tables import DELIVERIES, OUTBOX, WEBHOOKS
from serve.database.upserting import insert_absent
from serve.webhooks.message_types import Message


def enqueue(connection: Connection, messages: Sequence[Message], now: int) -> int:
    """Write the messages that were not written before, with a delivery for every webhook of their kind; return how many
    deliveries. Without webhooks nothing is written."""
    return _enqueue(connection, messages, webhooks_by_kind(connection), now)


def enqueue_for(connection: Connection, webhook_id: str, messages: Sequence[Message], now: int) -> int:
    """Write the messages for one webhook; return how many deliveries are new."""
    return _enqueue(connection, messages, {message.kind: [webhook_id] for message in messages}, now)


def _enqueue(connection: Connection, messages: Sequence[Message], asking: Mapping[str, Sequence[str]], now: int) -> int:
    wanted = {message.message_id: message for message in messages if asking.get(message.kind)}
    rows = [
        {"message_id": name, "kind": message.kind.value, "payload": message.payload(now), "created_at": now}
        for name, message in wanted.items()
    ]
    insert_absent(connection, OUTBOX, rows)
    ways = [
        {"message_id": name, "webhook_id": webhook, "attempts": 0, "next_at": now}
        for name, message in wanted.items()
        for webhook in asking[message.kind]
    ]
    return insert_absent(connection, DELIVERIES, ways)


def webhooks_by_kind(connection: Connection) -> dict[str, list[str]]:
    """Return the enabled webhooks of each kind of message."""
    request = select(WEBHOOKS.c.webhook_id, WEBHOOKS.c.kinds).where(WEBHOOKS.c.disabled_at.is_(None))
    result: dict[str, list[str]] = {}
    for webhook, kinds in connection.execute(request).tuples():
        for kind in json.loads(kinds):
            result.setdefault(kind, []).append(webhook)
    return result
