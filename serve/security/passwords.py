"""Passwords: rules and Argon2id hashes."""

from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

SHORTEST, LONGEST = 12, 128
FEWEST_CHARACTERS = 6
"""Different ones a password must hold."""

_COMMON = ("password", "passwort", "qwerty", "123456", "letmein", "welcome", "iloveyou", "admin", "woaini", "kqml")


def faults_of(password: str, login: str) -> list[str]:
    """Return the rules that a password violates for this user; empty where there are none."""
    plain = password.casefold()
    rest = plain
    for word in (*_COMMON, login.casefold()):
        rest = rest.replace(word, "")
    faults = []
    if not SHORTEST <= len(password) <= LONGEST:
        faults.append(f"it has {len(password)} characters; {SHORTEST} to {LONGEST} are required")
    elif len(set(plain)) < FEWEST_CHARACTERS:
        faults.append(f"it has {len(set(plain))} different characters; at least {FEWEST_CHARACTERS} are required")
    elif len(rest) < SHORTEST // 2:
        faults.append("it consists of the login or of common words")
    return faults


def hash_password(password: str) -> str:
    """Return the Argon2id hash with argon2-cffi's parameters (RFC 9106, low memory: 64 MiB, 3 passes, 4 lanes)."""
    return _hasher().hash(password)


def is_password(password: str, password_hash: str | None) -> bool:
    """Return whether the password matches. Without a hash a fixed one is checked, so that unknown
    logins take as long."""
    try:
        _hasher().verify(_nobody() if password_hash is None else password_hash, password)
    except (VerificationError, InvalidHashError):
        return False
    return password_hash is not None


def is_outdated(password_hash: str) -> bool:
    """Return whether the hash was made with weaker parameters than the present ones."""
    return _hasher().check_needs_rehash(password_hash)


@cache
def _hasher() -> PasswordHasher:
    return PasswordHasher()


@cache
def _nobody() -> str:
    return _hasher().hash("nobody has this password")
