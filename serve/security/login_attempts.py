"""One attempt to log in, as the store sees it."""

from dataclasses import dataclass

from serve.database.engine import Store
from serve.security.audit import Actor, Deed, record
from serve.security.passwords import hash_password, is_outdated, is_password
from serve.security.sessions import SessionLimits, end_session, start_session
from serve.security.throttling import begin_attempt, clear_attempt, subjects_of
from serve.security.users import UserRecord, find_user, rehash_password


@dataclass(frozen=True)
class Attempt:
    """What somebody typed. `address`: where it came from; `old_token`: the session's that came with it."""

    login: str
    password: str
    address: str
    request_id: str
    old_token: str | None


@dataclass(frozen=True)
class Outcome:
    """The new session's token; without one, until when to wait, or that login or password is wrong."""

    token: str | None = None
    wait_until: int | None = None


AT_ONCE = 2
"""Attempts looked at at a time: a password takes 64 MiB for a twentieth of a second."""


def try_login(store: Store, limits: SessionLimits, attempt: Attempt, now: int) -> Outcome:
    """Counts the attempt, checks it, starts a session in the place of the old one."""
    subjects = subjects_of(attempt.login.casefold(), attempt.address)
    with store.writing() as connection:
        wait_until = begin_attempt(connection, subjects, now)
        user = find_user(connection, attempt.login)
    if wait_until is not None:
        return Outcome(wait_until=wait_until)
    if not _is_right(user, attempt.password) or user is None:
        _note_failure(store, user, attempt, now)
        return Outcome()
    with store.writing() as connection:
        clear_attempt(connection, subjects)
        if attempt.old_token is not None:
            end_session(connection, attempt.old_token)
        if is_outdated(user.password_hash):
            rehash_password(connection, user, hash_password(attempt.password))
        record(connection, Actor(f"user:{user.user_id}", attempt.request_id), [Deed("login")], now)
        return Outcome(start_session(connection, user.user_id, limits, now))


def _is_right(user: UserRecord | None, password: str) -> bool:
    live = None if user is None or user.disabled_at is not None else user.password_hash
    return is_password(password, live)


def _note_failure(store: Store, user: UserRecord | None, attempt: Attempt, now: int) -> None:
    """Which user it was about, never what was typed: people type passwords into the wrong field."""
    deed = Deed("login.failed", "user", None if user is None else user.user_id)
    with store.writing() as connection:
        record(connection, Actor("nobody", attempt.request_id), [deed], now)
