"""Signatures of messages by the Standard Webhooks specification 1.0: `webhook-id`, `webhook-timestamp`,
`webhook-signature`."""

import base64
import hmac
import secrets
from collections.abc import Mapping, Sequence
from hashlib import sha256

PREFIX = "whsec_"
SECRET_BYTES = 32
TOLERANCE_SECONDS = 300
"""How far a receiver's clock may be from ours."""


def make_secret() -> str:
    """Return a random secret in the format of the specification."""
    return PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def signed_headers(message_id: str, seconds: int, body: bytes, whsecs: Sequence[str]) -> dict[str, str]:
    """Return the three headers of an attempt, sent at `seconds` since 1970; one signature per secret, so that receivers
    verify with the old or the new one while secrets are exchanged."""
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(seconds),
        "webhook-signature": " ".join(_signature(message_id, seconds, body, secret) for secret in whsecs),
    }


def is_signed(headers: Mapping[str, str], body: bytes, secret: str, now: int) -> bool:
    """Return whether a receiver accepts the message: its time is near `now` (seconds), one of the signatures is made
    with `secret`."""
    stamp = headers.get("webhook-timestamp", "")
    if not stamp.isdecimal() or abs(int(stamp) - now) > TOLERANCE_SECONDS:
        return False
    expected = _signature(headers.get("webhook-id", ""), int(stamp), body, secret).encode()
    given = headers.get("webhook-signature", "").encode().split(b" ")
    return any([hmac.compare_digest(expected, signature) for signature in given])  # noqa: C419  all of them, in constant time


def _signature(message_id: str, seconds: int, body: bytes, secret: str) -> str:
    signed = f"{message_id}.{seconds}.".encode() + body
    return "v1," + base64.b64encode(hmac.new(_bytes_of(secret), signed, sha256).digest()).decode()


def _bytes_of(secret: str) -> bytes:
    return base64.b64decode(secret.removeprefix(PREFIX), validate=True)
