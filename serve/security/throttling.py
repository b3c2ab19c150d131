"""Attempts to log in counted per login, per address, per both, in the database: more failures, longer pauses."""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256

from sqlalchemy import Connection, delete, select, text, update

from serve.database.tables import LOGIN_ATTEMPTS

SECOND = 1_000_000
FORGOTTEN_AFTER = 24 * 3600 * SECOND
LONGEST_PAUSE = 3600 * SECOND
FIRST_PAUSE = 30 * SECOND

_COUNT = text(
    "INSERT INTO login_attempts (subject, failures, last_at) VALUES (:subject, 1, :now) ON CONFLICT (subject) DO UPDATE"
    " SET failures = CASE WHEN login_attempts.last_at < :old THEN 1 ELSE login_attempts.failures + 1 END,"
    " last_at = :now RETURNING failures"
)


@dataclass(frozen=True)
class ThrottleSubject:
    """What is counted for. `free`: failures before the first pause, each further one doubles it. `cleared`: a login
    that succeeds ends the count, else it only takes its own attempt back."""

    hash: str
    free: int
    cleared: bool


def subjects_of(login: str, address: str) -> tuple[ThrottleSubject, ...]:
    """The counters of one attempt. One login from everywhere has many tries, so that nobody can lock out another one
    with a handful of them; one address too: an office shares it."""
    return (
        ThrottleSubject(_hash("both", login, address), 5, True),
        ThrottleSubject(_hash("login", login), 50, True),
        ThrottleSubject(_hash("address", address), 50, False),
    )


def begin_attempt(connection: Connection, subjects: Sequence[ThrottleSubject], now: int) -> int | None:
    """Counts the attempt as failed before it is looked at, so that a hundred at once are no way around; until when
    it has to wait instead, None for not at all. Waiting attempts do not count."""
    table = LOGIN_ATTEMPTS.c
    request = select(table.blocked_until).where(table.subject.in_([subject.hash for subject in subjects]))
    latest = max((until for until in connection.execute(request).scalars() if until is not None), default=0)
    if latest > now:
        return latest
    for subject in subjects:
        _count(connection, subject, now)
    return None


def clear_attempt(connection: Connection, subjects: Sequence[ThrottleSubject]) -> None:
    """The attempt succeeded."""
    for subject in subjects:
        mine = LOGIN_ATTEMPTS.c.subject == subject.hash
        if subject.cleared:
            connection.execute(delete(LOGIN_ATTEMPTS).where(mine))
        else:
            fewer = {"failures": LOGIN_ATTEMPTS.c.failures - 1, "blocked_until": None}
            connection.execute(update(LOGIN_ATTEMPTS).where(mine).values(**fewer))


def forget_old(connection: Connection, now: int) -> int:
    """Deletes counters that no longer count; how many."""
    return connection.execute(delete(LOGIN_ATTEMPTS).where(LOGIN_ATTEMPTS.c.last_at < now - FORGOTTEN_AFTER)).rowcount


def _count(connection: Connection, subject: ThrottleSubject, now: int) -> None:
    counted = {"subject": subject.hash, "now": now, "old": now - FORGOTTEN_AFTER}
    failures: int = connection.execute(_COUNT, counted).scalar_one()
    pause = _pause(failures - subject.free)
    mine = LOGIN_ATTEMPTS.c.subject == subject.hash
    connection.execute(update(LOGIN_ATTEMPTS).where(mine).values(blocked_until=now + pause if pause else None))


def _pause(beyond: int) -> int:
    return 0 if beyond < 0 else min(FIRST_PAUSE * 2 ** min(beyond, 20), LONGEST_PAUSE)


def _hash(*parts: str) -> str:
    return sha256("\0".join(parts).encode()).hexdigest()
