"""Answers kept by the key of their request, so that a repeated request has no second effect."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from sqlalchemy import ColumnElement, Connection, delete, select, update

from serve.database.tables import IDEMPOTENCY_KEYS
from serve.database.upserting import insert_absent


@dataclass(frozen=True)
class Reply:
    """An answer as it can be kept: status, JSON text, headers of its own."""

    status: int
    body: str
    headers: Mapping[str, str] = field(default_factory=dict)


class OtherRequest(Exception):
    """The key stands for a request with another content."""


def claim_key(connection: Connection, caller: str, key: str, request_hash: str, now: int) -> Reply | None:
    """The answer that the request was given before; None where it is new, whose answer then has to be kept.

    Waits for a transaction that has the same key under way. Raises OtherRequest.
    """
    row = {"caller": caller, "key": key, "request_hash": request_hash, "created_at": now}
    if insert_absent(connection, IDEMPOTENCY_KEYS, [{**row, "status": 0, "headers": "{}", "body": ""}]):
        return None
    result = connection.execute(select(IDEMPOTENCY_KEYS).where(_is(caller, key))).one()
    if result.request_hash != request_hash:
        raise OtherRequest
    return Reply(result.status, result.body, json.loads(result.headers))


def store_reply(connection: Connection, caller: str, key: str, reply: Reply) -> None:
    """Keeps the answer beside its effect."""
    headers = json.dumps(dict(reply.headers))
    retained = update(IDEMPOTENCY_KEYS).where(_is(caller, key))
    connection.execute(retained.values(status=reply.status, body=reply.body, headers=headers))


def delete_old_replies(connection: Connection, before: int) -> int:
    """Deletes the keys of requests before an instant; how many."""
    return connection.execute(delete(IDEMPOTENCY_KEYS).where(IDEMPOTENCY_KEYS.c.created_at < before)).rowcount


def _is(caller: str, key: str) -> ColumnElement[bool]:
    return (IDEMPOTENCY_KEYS.c.caller == caller) & (IDEMPOTENCY_KEYS.c.key == key)
