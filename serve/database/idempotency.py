"""Responses stored by idempotency key, so that a repeated request has no second effect."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from sqlalchemy import ColumnElement, Connection, delete, select, update

from serve.database.tables import IDEMPOTENCY_KEYS
from serve.database.upserting import insert_absent


@dataclass(frozen=True)
class Reply:
    """A response that can be stored: status, JSON text, its own headers."""

    status: int
    body: str
    headers: Mapping[str, str] = field(default_factory=dict)


class OtherRequest(Exception):
    """The key belongs to a request with another content."""


def claim_key(connection: Connection, caller: str, key: str, request_hash: str, now: int) -> Reply | None:
    """Return the stored response to the request; None where it is new, whose response must then be stored.

    Waits for a transaction that is using the same key. Raises OtherRequest.
    """
    row = {"caller": caller, "key": key, "request_hash": request_hash, "created_at": now}
    if insert_absent(connection, IDEMPOTENCY_KEYS, [{**row, "status": 0, "headers": "{}", "body": ""}]):
        return None
    return find_reply(connection, caller, key, request_hash)


def find_reply(connection: Connection, caller: str, key: str, request_hash: str) -> Reply | None:
    """Return the stored response to the request without waiting for anybody; None where there is none. Raises
    OtherRequest."""
    result = connection.execute(select(IDEMPOTENCY_KEYS).where(_is(caller, key))).one_or_none()
    if result is None:
        return None
    if result.request_hash != request_hash:
        raise OtherRequest
    return Reply(result.status, result.body, json.loads(result.headers))


def store_reply(connection: Connection, caller: str, key: str, reply: Reply) -> None:
    """Store the response in the transaction of its effect."""
    headers = json.dumps(dict(reply.headers))
    retained = update(IDEMPOTENCY_KEYS).where(_is(caller, key))
    connection.execute(retained.values(status=reply.status, body=reply.body, headers=headers))


def delete_old_replies(connection: Connection, before: int) -> int:
    """Delete the keys of requests before an instant; return how many."""
    return connection.execute(delete(IDEMPOTENCY_KEYS).where(IDEMPOTENCY_KEYS.c.created_at < before)).rowcount


def _is(caller: str, key: str) -> ColumnElement[bool]:
    return (IDEMPOTENCY_KEYS.c.caller == caller) & (IDEMPOTENCY_KEYS.c.key == key)
