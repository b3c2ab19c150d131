"""Attempts to log in."""

from dataclasses import dataclass

from serve.database.engine import Database
from serve.security.audit import Actor, AuditEvent, record_event
from serve.security.passwords import hash_password, is_outdated, is_password
from serve.security.sessions import SessionLimits, end_session, start_session
from serve.security.throttling import begin_attempt, clear_attempt, subjects_of
from serve.security.users import UserRecord, find_user, rehash_password


@dataclass(frozen=True)
class LoginAttempt:
    """What was typed. `address`: of the client; `old_token`: of the session that the request came with."""

    login: str
    password: str
    address: str
    request_id: str
    old_token: str | None


@dataclass(frozen=True)
class LoginOutcome:
    """The token of the new session; without one, when to try again, or None where login or password are wrong."""

    token: str | None = None
    wait_until: int | None = None


AT_ONCE = 2
"""Attempts looked at at a time: a password takes 64 MiB for a twentieth of a second."""


def try_login(database: Database, limits: SessionLimits, attempt: LoginAttempt, now: int) -> LoginOutcome:
    """Count the attempt, check it, and start a session that replaces the old one."""
    subjects = subjects_of(attempt.login.casefold(), attempt.address)
    with database.writing() as connection:
        wait_until = begin_attempt(connection, subjects, now)
        user = find_user(connection, attempt.login)
    if wait_until is not None:
        return LoginOutcome(wait_until=wait_until)
    if not _is_right(user, attempt.password) or user is None:
        _note_failure(database, user, attempt, now)
        return LoginOutcome()
    with database.writing() as connection:
        clear_attempt(connection, subjects)
        if attempt.old_token is not None:
            end_session(connection, attempt.old_token)
        if is_outdated(user.password_hash):
            rehash_password(connection, user, hash_password(attempt.password))
        record_event(connection, Actor(f"user:{user.user_id}", attempt.request_id), [AuditEvent("login")], now)
        return LoginOutcome(start_session(connection, user.user_id, limits, now))


def _is_right(user: UserRecord | None, password: str) -> bool:
    live = None if user is None or user.disabled_at is not None else user.password_hash
    return is_password(password, live)


def _note_failure(database: Database, user: UserRecord | None, attempt: LoginAttempt, now: int) -> None:
    """Records the user, never the typed login: people type passwords into the wrong field."""
    event = AuditEvent("login.failed", "user", None if user is None else user.user_id)
    with database.writing() as connection:
        record_event(connection, Actor("nobody", attempt.request_id), [event], now)
