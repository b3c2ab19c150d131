"""Tampered cursors, written with knowledge of their format."""

import base64
from collections.abc import Iterator
from urllib.parse import quote

import httpx
import orjson

LISTS = (
    "/v1/accounts?limit=1&sort=name",
    "/v1/accounts?limit=1",
    "/v1/reps?limit=1",
    "/v1/reviews?which=all&limit=1",
    "/v1/duties?limit=1",
    "/v1/audit?limit=1",
)
FOREIGN_VALUES: tuple[object, ...] = (
    "\x00",
    "\ud7ff" * 500,
    "'; DROP TABLE accounts; --",
    0,
    -1,
    2**63,
    2**64 - 1,
    1e308,
    None,
    True,
    [],
    {},
)


def tampered_pages(http: httpx.Client) -> Iterator[str]:
    """Yield addresses of second pages, each with another part of its cursor replaced."""
    for path in LISTS:
        cursor = http.get(path).raise_for_status().json()["next_cursor"]
        parts = orjson.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        for index in range(len(parts)):
            for foreign in FOREIGN_VALUES:
                if foreign != parts[index]:
                    yield f"{path}&cursor={_written([*parts[:index], foreign, *parts[index + 1 :]])}"
        for text in ("", "=", "%", "AAAA", "bnVsbA", "\x00", "W10", "ÿ", "W1tdXQ" * 200):
            yield f"{path}&cursor={quote(text)}"


def _written(parts: list[object]) -> str:
    return base64.urlsafe_b64encode(orjson.dumps(parts)).decode().rstrip("=")
