"""API keys as text: `kqml_`, the prefix that may be shown, a secret of 256 bits."""

import hmac
import re
import secrets
from dataclasses import dataclass
from hashlib import sha256

_ID_BYTES = 5
_SECRET_BYTES = 32
_SHAPE = re.compile(r"kqml_([0-9a-f]{10})_([A-Za-z0-9_-]{43})")


@dataclass(frozen=True)
class FreshKey:
    """A key just made. `text` is told once, then only `secret_hash` is kept."""

    key_id: str
    text: str
    secret_hash: str


def make_key() -> FreshKey:
    """A random key; its start makes leaked ones findable by scanners of repositories."""
    key_id = secrets.token_hex(_ID_BYTES)
    text = f"kqml_{key_id}_{secrets.token_urlsafe(_SECRET_BYTES)}"
    return FreshKey(key_id, text, hash_of(text))


def key_id_of(text: str) -> str | None:
    """The prefix of a key; None for what is not written like one."""
    match = _SHAPE.fullmatch(text)
    return None if match is None else match[1]


def hash_of(text: str) -> str:
    """SHA-256, hex: what is random to 256 bits needs no slow hash, and every request pays for it."""
    return sha256(text.encode()).hexdigest()


def is_same(text: str, secret_hash: str) -> bool:
    """Compares in constant time."""
    return hmac.compare_digest(hash_of(text), secret_hash)
