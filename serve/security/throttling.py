"""Throttling of logins: attempts counted per login, per address and per both; the pauses grow with the failures."""

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
    """A counter. `free`: failures before the first pause, each further one doubles it. `cleared`: a successful login
    resets the count, else it only removes its own attempt."""

    hash: str
    free: int
    cleared: bool


def subjects_of(login: str, address: str) -> tuple[ThrottleSubject, ...]:
    """Return the counters of an attempt. A login from all addresses has many tries, so that nobody can lock out a user
    with a few; so has an address, because an office shares one."""
    return (
        ThrottleSubject(_hash("both", login, address), 5, True),
        ThrottleSubject(_hash("login", login), 50, True),
        ThrottleSubject(_hash("address", address), 50, False),
    )


def begin_attempt(connection: Connection, subjects: Sequence[ThrottleSubject], now: int) -> int | None:
    """Count the attempt as failed before it is checked, so that parallel attempts are counted too. Return when to try
    again where it has to wait, without counting it; else None."""
    table = LOGIN_ATTEMPTS.c
    request = select(table.blocked_until).where(table.subject.in_([subject.hash for subject in subjects]))
    latest = max((until for until in connection.execute(request).scalars() if until is not None), default=0)
    if latest > now:
        return latest
    for subject in subjects:
        _count(connection, subject, now)
    return None


def clear_attempt(connection: Connection, subjects: Sequence[ThrottleSubject]) -> None:
    """Count the attempt as successful."""
    for subject in subjects:
        mine = LOGIN_ATTEMPTS.c.subject == subject.hash
        if subject.cleared:
            connection.execute(delete(LOGIN_ATTEMPTS).where(mine))
        else:
            fewer = {"failures": LOGIN_ATTEMPTS.c.failures - 1, "blocked_until": None}
            connection.execute(update(LOGIN_ATTEMPTS).where(mine).values(**fewer))


def forget_old(connection: Connection, now: int) -> int:
    """Delete counters that are over; return how many."""
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
