"""Encryption with AES-256-GCM by keys of the settings, for text in the database and its backups."""

import base64
import binascii
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from kqml.errors import BadUse, CouldNot, Fault

_KEY_BYTES = 32
_NONCE_BYTES = 12
_MARK = "sealed1"
_SETTING = "KQML_SECRET_KEYS"


@dataclass(frozen=True)
class Cipher:
    """Encrypts with the first key, decrypts with any. Keys are identified by the first 8 hex digits
    of their SHA-256."""

    first: str
    keys: Mapping[str, bytes] = field(repr=False)

    def seal(self, plain: str, context: str) -> str:
        """Return `plain` encrypted for `context` (its owner, such as a contact's field): moved elsewhere in the
        database it cannot be decrypted."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        encrypted = AESGCM(self.keys[self.first]).encrypt(nonce, plain.encode(), context.encode())
        return f"{_MARK}:{self.first}:{base64.urlsafe_b64encode(nonce + encrypted).decode()}"

    def open(self, encrypted: str, context: str) -> str:
        """Return the text that was encrypted for `context`. Raises CouldNot where its key is missing
        or it was changed."""
        mark, key_id, blob = (*encrypted.split(":", 2), "", "")[:3]
        if mark != _MARK or key_id not in self.keys:
            raise _unreadable(context, f"it was sealed with the key {key_id[:8]!r}, which is not in {_SETTING}")
        try:
            raw = base64.urlsafe_b64decode(blob)
            return AESGCM(self.keys[key_id]).decrypt(raw[:_NONCE_BYTES], raw[_NONCE_BYTES:], context.encode()).decode()
        except (InvalidTag, ValueError) as error:
            raise _unreadable(context, "the encrypted text was changed or moved") from error

    def is_current(self, encrypted: str) -> bool:
        """Return whether it was encrypted with the key that encrypts now."""
        return encrypted.startswith(f"{_MARK}:{self.first}:")


def make_secret_key() -> str:
    """Return a random key in the format of the settings."""
    return base64.urlsafe_b64encode(secrets.token_bytes(_KEY_BYTES)).decode()


def read_cipher(secret_keys: str) -> Cipher:
    """Return the cipher of a setting: keys in base64, separated by commas or lines, the newest first. Raises BadUse
    without showing the keys."""
    written = [part for part in secret_keys.replace(",", "\n").split() if part]
    faults = [
        Fault(f"{_SETTING} {number}", "it is not 32 bytes in base64", "create a key with `kqml keys secret`")
        for number, part in enumerate(written, 1)
        if _bytes_of(part) is None
    ]
    if faults or not written:
        raise BadUse("The secret keys are invalid." if faults else f"{_SETTING} contains no key.", faults)
    keys = {sha256(raw).hexdigest()[:8]: raw for raw in map(_bytes_of, written) if raw is not None}
    return Cipher(next(iter(keys)), keys)


def cipher_from_file(secret_keys: str | None, file: Path) -> Cipher:
    """Return the cipher of the setting, else of the file, which is created with a random key where it is missing."""
    if secret_keys is not None:
        return read_cipher(secret_keys)
    if not file.exists():
        _write_key(file)
    return read_cipher(file.read_text(encoding="ascii", errors="replace"))


def _write_key(file: Path) -> None:
    """Readable by its owner only; the first process to come writes it."""
    file.parent.mkdir(parents=True, exist_ok=True)
    fresh = file.with_name(f".{file.name}.{os.getpid()}")
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="ascii") as written:
        written.write(make_secret_key() + "\n")
        written.flush()
        os.fsync(handle)
    try:
        os.link(fresh, file)
    except FileExistsError:
        pass
    finally:
        fresh.unlink()


def _bytes_of(part: str) -> bytes | None:
    try:
        raw = base64.b64decode(part.replace("-", "+").replace("_", "/"), validate=True)
    except (binascii.Error, ValueError):
        return None
    return raw if len(raw) == _KEY_BYTES else None


def _unreadable(context: str, why: str) -> CouldNot:
    return CouldNot("An encrypted text cannot be decrypted.", [Fault(context, why, f"restore the key in {_SETTING}")])
