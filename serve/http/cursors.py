"""Cursors of lists: opaque text that names the last item of a page."""

import base64
import binascii
from hashlib import sha256
from typing import Any

import orjson

from serve.http.problems import ProblemItem, invalid_request

PAGE_LIMIT = 500
PAGE_DEFAULT = 50
_BEYOND = 1 << 63
"""Integers from here on fit no column."""


def write_cursor(question: object, last: tuple[Any, ...]) -> str:
    """Return the cursor behind the key `last` in the list of a query."""
    return base64.urlsafe_b64encode(orjson.dumps([_mark(question), *last])).decode().rstrip("=")


def read_cursor(question: object, cursor: str, kinds: tuple[type, ...]) -> tuple[Any, ...]:
    """Return the key in a cursor. Raises ProblemError where it is invalid or belongs to another query."""
    try:
        mark, *last = orjson.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (ValueError, binascii.Error, TypeError):
        raise _unusable("is not a valid cursor") from None
    if mark != _mark(question):
        raise _unusable("belongs to a list with other filters or another sort order")
    if len(last) != len(kinds) or not all(_is_of_kind(item, kind) for item, kind in zip(last, kinds, strict=True)):
        raise _unusable("is not a valid cursor")
    return tuple(last)


def _is_of_kind(item: object, kind: type) -> bool:
    """Whether a cursor of ours can hold it: the database fails on other values instead of finding nothing."""
    if isinstance(item, str):
        return kind is str and "\0" not in item
    if type(item) is int:
        return kind is int and abs(item) < _BEYOND
    return type(item) is kind


def _mark(question: object) -> str:
    return sha256(repr(question).encode()).hexdigest()[:12]


def _unusable(why: str) -> Exception:
    return invalid_request([ProblemItem("", f"{why}; start again without a cursor", "cursor")])
