"""API keys in the database."""

import json
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, RowMapping, insert, or_, select, update

from serve.database.tables import API_KEYS
from serve.security.callers import Scope
from serve.security.key_text import FreshKey

USED_EVERY_US = 600 * 1_000_000
"""The precision of `last_used_at`: a write at every request would cost more than the request."""


@dataclass(frozen=True)
class KeyRecord:
    """A stored key. `rep_id`: whose territory it is limited to; None for no limit."""

    key_id: str
    secret_hash: str
    name: str
    scopes: frozenset[Scope]
    rep_id: str | None
    created_at: int
    created_by: str | None
    expires_at: int | None
    last_used_at: int | None
    revoked_at: int | None

    def is_live(self, now: int) -> bool:
        return self.revoked_at is None and (self.expires_at is None or now < self.expires_at)


@dataclass(frozen=True)
class NewKey:
    """The properties of a new key."""

    name: str
    scopes: frozenset[Scope]
    rep_id: str | None
    expires_at: int | None
    created_by: str


def add_key(connection: Connection, fresh: FreshKey, request: NewKey, now: int) -> None:
    """Store a new key without its secret."""
    connection.execute(
        insert(API_KEYS).values(
            key_id=fresh.key_id,
            secret_hash=fresh.secret_hash,
            name=request.name,
            scopes=json.dumps(sorted(request.scopes)),
            rep_id=request.rep_id,
            created_at=now,
            created_by=request.created_by,
            expires_at=request.expires_at,
        )
    )


def find_key(connection: Connection, key_id: str) -> KeyRecord | None:
    """Return the key with this prefix, valid or not; None where there is none."""
    row = connection.execute(select(API_KEYS).where(API_KEYS.c.key_id == key_id)).mappings().one_or_none()
    return None if row is None else _record(row)


def list_keys(connection: Connection) -> list[KeyRecord]:
    """Return every key, the oldest first."""
    rows = connection.execute(select(API_KEYS).order_by(API_KEYS.c.created_at, API_KEYS.c.key_id)).mappings()
    return [_record(row) for row in rows]


def revoke_key(connection: Connection, key_id: str, now: int) -> bool:
    """Revoke a key; return False where it does not exist or is revoked already."""
    where = (API_KEYS.c.key_id == key_id) & API_KEYS.c.revoked_at.is_(None)
    return connection.execute(update(API_KEYS).where(where).values(revoked_at=now)).rowcount > 0


def note_use(connection: Connection, key_id: str, now: int) -> None:
    """Store when the key was used, unless that was done shortly before."""
    used = API_KEYS.c.last_used_at
    lately = or_(used.is_(None), used < now - USED_EVERY_US)
    connection.execute(update(API_KEYS).where(API_KEYS.c.key_id == key_id, lately).values(last_used_at=now))


def _record(row: RowMapping) -> KeyRecord:
    values: dict[str, Any] = dict(row)
    values["scopes"] = frozenset(Scope(word) for word in json.loads(row["scopes"]) if word in set(Scope))
    return KeyRecord(**values)
