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
    """A new key. `text` is shown once; only `secret_hash` is stored."""

    key_id: str
    text: str
    secret_hash: str


def make_key() -> FreshKey:
    """Return a random key; its prefix lets scanners of repositories find leaked keys."""
    key_id = secrets.token_hex(_ID_BYTES)
    text = f"kqml_{key_id}_{secrets.token_urlsafe(_SECRET_BYTES)}"
    return FreshKey(key_id, text, hash_of(text))


def key_id_of(text: str) -> str | None:
    """Return the prefix of a key; None for text that is not a key."""
    match = _SHAPE.fullmatch(text)
    return None if match is None else match[1]


def hash_of(text: str) -> str:
    """Return SHA-256 in hex: 256 random bits need no slow hash, and every request computes it."""
    return sha256(text.encode()).hexdigest()


def is_same(text: str, secret_hash: str) -> bool:
    """Compare in constant time."""
    return hmac.compare_digest(hash_of(text), secret_hash)
