"""Sessions of logged-in users: a random token in a cookie, its hash in the database."""

import hmac
import secrets
from dataclasses import dataclass
from hashlib import sha256

from sqlalchemy import Connection, delete, insert, or_, select, update

from serve.database.tables import SESSIONS, USERS
from serve.security.users import UserRecord, user_of

TOKEN_BYTES = 32
SEEN_EVERY_US = 60 * 1_000_000
"""`last_seen_at` is this exact."""


@dataclass(frozen=True)
class SessionLimits:
    """After how long a session ends: unused (`idle`), in total (`absolute`). Microseconds."""

    idle: int
    absolute: int


@dataclass(frozen=True)
class Session:
    """A valid session with its user."""

    session_hash: str
    csrf_hash: str
    last_seen_at: int
    user: UserRecord


def start_session(connection: Connection, user_id: str, limits: SessionLimits, now: int) -> str:
    """Return the token of a new session; always a new one, whatever cookie the login came with."""
    token = secrets.token_urlsafe(TOKEN_BYTES)
    connection.execute(
        insert(SESSIONS).values(
            session_hash=_hash(token),
            user_id=user_id,
            csrf_hash=_hash(csrf_token(token)),
            created_at=now,
            last_seen_at=now,
            expires_at=now + limits.absolute,
        )
    )
    return token


def find_session(connection: Connection, token: str, limits: SessionLimits, now: int) -> Session | None:
    """Return the valid session of a token; None where there is none or its user is disabled."""
    session = SESSIONS.c
    live = (session.expires_at > now) & (session.last_seen_at > now - limits.idle) & USERS.c.disabled_at.is_(None)
    request = select(SESSIONS.c.csrf_hash, SESSIONS.c.last_seen_at, USERS).join_from(SESSIONS, USERS)
    row = connection.execute(request.where(session.session_hash == _hash(token), live)).mappings().one_or_none()
    if row is None:
        return None
    user = {column.name: row[column.name] for column in USERS.c}
    return Session(_hash(token), row["csrf_hash"], row["last_seen_at"], user_of(user))  # type: ignore[arg-type]


def touch_session(connection: Connection, session: Session, now: int) -> None:
    """Store that the session was used."""
    where = SESSIONS.c.session_hash == session.session_hash
    connection.execute(update(SESSIONS).where(where).values(last_seen_at=now))


def end_session(connection: Connection, token: str) -> None:
    """End the session."""
    connection.execute(delete(SESSIONS).where(SESSIONS.c.session_hash == _hash(token)))


def end_old_sessions(connection: Connection, limits: SessionLimits, now: int) -> int:
    """Delete the sessions that are over; return how many."""
    over = or_(SESSIONS.c.expires_at <= now, SESSIONS.c.last_seen_at <= now - limits.idle)
    return connection.execute(delete(SESSIONS).where(over)).rowcount


def csrf_token(token: str) -> str:
    """Return the token that forms of this session carry: derived from the cookie, which pages cannot read, so that it
    need not be stored."""
    return hmac.new(token.encode(), b"kqml csrf", sha256).hexdigest()


def is_csrf_token(session: Session, given: str) -> bool:
    """Return whether the token is that of the session's forms."""
    return hmac.compare_digest(_hash(given), session.csrf_hash)


def _hash(token: str) -> str:
    return sha256(token.encode()).hexdigest()
