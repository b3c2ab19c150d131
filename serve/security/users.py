"""Users in the database."""

import re
from dataclasses import dataclass
from uuid import uuid4

from sqlalchemy import Connection, RowMapping, delete, insert, select, update

from serve.database.tables import SESSIONS, USERS
from serve.security.role_scopes import TERRITORIAL
from serve.security.roles import Role


@dataclass(frozen=True)
class UserRecord:
    """A stored user. `rep_id`: which rep or manager the user is; `oidc_subject`: of the OpenID account, if bound."""

    user_id: str
    login: str
    password_hash: str
    role: Role
    rep_id: str | None
    language: str | None
    created_at: int
    password_changed_at: int
    disabled_at: int | None
    oidc_subject: str | None


@dataclass(frozen=True)
class NewUser:
    """The properties of a new user."""

    login: str
    role: Role
    rep_id: str | None
    language: str | None


_LOGIN = re.compile(r"[A-Za-z0-9._@-]{1,64}")


def new_user_faults(request: NewUser) -> list[tuple[str, str, str]]:
    """Return why the user cannot be created: where, what, what to do."""
    faults = []
    if not _LOGIN.fullmatch(request.login):
        faults.append(("LOGIN", f"{request.login!r} is no login", "take 1 to 64 letters, digits, any of . _ @ -"))
    if request.role in TERRITORIAL and request.rep_id is None:
        faults.append(("--rep", f"a {request.role.value} without a rep would see nothing", "say which rep the user is"))
    return faults


def add_user(connection: Connection, request: NewUser, password_hash: str, now: int) -> str:
    """Store a new user; return the id. The database refuses a duplicate login."""
    user_id = uuid4().hex
    connection.execute(
        insert(USERS).values(
            user_id=user_id,
            login=request.login,
            password_hash=password_hash,
            role=request.role.value,
            rep_id=request.rep_id,
            language=request.language,
            created_at=now,
            password_changed_at=now,
        )
    )
    return user_id


def find_user(connection: Connection, login: str) -> UserRecord | None:
    """Return the user of a login, disabled or not; None where there is none. Impossible logins are not queried:
    PostgreSQL fails on a NUL."""
    if not _LOGIN.fullmatch(login):
        return None
    row = connection.execute(select(USERS).where(USERS.c.login == login)).mappings().one_or_none()
    return None if row is None else user_of(row)


def list_users(connection: Connection) -> list[UserRecord]:
    """Return every user by login."""
    return [user_of(row) for row in connection.execute(select(USERS).order_by(USERS.c.login)).mappings()]


def change_password(connection: Connection, user_id: str, password_hash: str, now: int) -> None:
    """Set the password and end every session of the user."""
    changed = {"password_hash": password_hash, "password_changed_at": now}
    connection.execute(update(USERS).where(USERS.c.user_id == user_id).values(**changed))
    end_sessions_of(connection, user_id)


def rehash_password(connection: Connection, user: UserRecord, password_hash: str) -> None:
    """Store the same password with stronger parameters, unless it was changed meanwhile."""
    same = (USERS.c.user_id == user.user_id) & (USERS.c.password_hash == user.password_hash)
    connection.execute(update(USERS).where(same).values(password_hash=password_hash))


def disable_user(connection: Connection, user_id: str, now: int) -> bool:
    """Disable the user and end every session; return False where the user was disabled before."""
    where = (USERS.c.user_id == user_id) & USERS.c.disabled_at.is_(None)
    changed = connection.execute(update(USERS).where(where).values(disabled_at=now)).rowcount > 0
    end_sessions_of(connection, user_id)
    return changed


def end_sessions_of(connection: Connection, user_id: str) -> None:
    """End every session of the user."""
    connection.execute(delete(SESSIONS).where(SESSIONS.c.user_id == user_id))


def user_of(row: RowMapping) -> UserRecord:
    """Return the user in a row of `users`."""
    return UserRecord(**{**dict(row), "role": Role(row["role"])})
