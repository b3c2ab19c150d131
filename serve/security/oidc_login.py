"""Logging in by an identity that an OpenID provider vouches for."""

from dataclasses import dataclass

from sqlalchemy import Connection, func, select, update

from serve.database.engine import Database
from serve.database.tables import USERS
from serve.security.audit import Actor, AuditEvent, record_event
from serve.security.oidc import Identity
from serve.security.sessions import SessionLimits, end_session, start_session
from serve.security.users import UserRecord, user_of


@dataclass(frozen=True)
class IdentityLogin:
    """An identity that wants to log in. `old_token`: of the session that the request came with."""

    identity: Identity
    request_id: str
    old_token: str | None


def log_in_by_identity(database: Database, limits: SessionLimits, login: IdentityLogin, now: int) -> str | None:
    """Start a session of the user that the identity belongs to; return its token, None where there is no such user.

    No user is created and no role changes. Who logs in for the first time is found by the verified e-mail address,
    which must be the login; from then on only the subject counts, so that an address given to somebody else opens
    nothing.
    """
    with database.writing() as connection:
        user = _user_of(connection, login.identity)
        if user is None or user.disabled_at is not None:
            failed = AuditEvent("login.failed", "user", None if user is None else user.user_id)
            record_event(connection, Actor("nobody", login.request_id), [failed], now)
            return None
        if user.oidc_subject is None:
            mine = USERS.c.user_id == user.user_id
            connection.execute(update(USERS).where(mine).values(oidc_subject=login.identity.subject))
        if login.old_token is not None:
            end_session(connection, login.old_token)
        event = AuditEvent("login", details={"by": "oidc"})
        record_event(connection, Actor(f"user:{user.user_id}", login.request_id), [event], now)
        return start_session(connection, user.user_id, limits, now)


def _user_of(connection: Connection, identity: Identity) -> UserRecord | None:
    by_subject = select(USERS).where(USERS.c.oidc_subject == identity.subject)
    row = connection.execute(by_subject).mappings().one_or_none()
    if row is None and identity.email is not None and "\0" not in identity.email:
        same = func.lower(USERS.c.login) == identity.email.lower()
        rows = connection.execute(select(USERS).where(same, USERS.c.oidc_subject.is_(None))).mappings().all()
        row = rows[0] if len(rows) == 1 else None
    return None if row is None else user_of(row)
