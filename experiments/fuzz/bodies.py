"""Malformed bodies, derived from a valid one."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import orjson

from experiments.fuzz.target import BODY_LIMIT

JSON = "application/json"
DEEP = 100_000
"""Brackets in one another; far more than a recursive reader survives."""

MARK = "q7x9q7x9"
"""Stands for what JSON's writer would not write."""

LONG_NUMBER = "9" * 5_000
WRONG: tuple[object, ...] = (
    None,
    True,
    0,
    -1,
    1e308,
    "",
    "\x00",
    "\u202e王",
    "x" * 70_000,
    [],
    [[]],
    {},
    {"": {}},
    ["x"] * 1_000,
)
"""Put in the index of every value in turn."""

CUTS = 12


@dataclass(frozen=True)
class HostileBody:
    """`refused`: whether the service must refuse it; others may be accepted. `headers`: sent with it."""

    name: str
    content: bytes
    refused: bool = True
    headers: dict[str, str] = field(default_factory=lambda: {"content-type": JSON})


def hostile_bodies(right: Any) -> Iterator[HostileBody]:
    """Yield truncated, huge, deep, wrongly typed and wrongly encoded bodies; invalid JSON must be refused."""
    text = orjson.dumps(right)
    yield from _truncated(text)
    yield from _huge(text)
    yield from _deep(right)
    yield from _wrong_numbers(right)
    yield from _encoded(right)
    yield from _declared(text)
    for index, changed in _replaced(right):
        yield HostileBody(f"another value at {index}", orjson.dumps(changed), refused=False)


def _truncated(text: bytes) -> Iterator[HostileBody]:
    for cut in sorted({len(text) * part // CUTS for part in range(CUTS)}):
        yield HostileBody(f"{cut} of {len(text)} bytes", text[:cut])
    for added in (b"}", b"\x00", b"{}", b"//"):
        yield HostileBody(f"{added!r} too much", text + added)


def _huge(text: bytes) -> Iterator[HostileBody]:
    yield HostileBody("more bytes than allowed", b'"' + b"x" * BODY_LIMIT + b'"')
    yield HostileBody("only blanks", b" " * (BODY_LIMIT // 2))
    yield HostileBody("many blanks before it", b" " * (BODY_LIMIT // 2) + text, refused=False)
    yield HostileBody("a hundred thousand fields", orjson.dumps({f"f{number}": 1 for number in range(100_000 // 2)}))
    yield HostileBody("an array of half a million", b"[" + b"1," * 400_000 + b"1]")


def _deep(right: Any) -> Iterator[HostileBody]:
    yield HostileBody("arrays in arrays", b"[" * DEEP + b"]" * DEEP)
    yield HostileBody("objects in objects", b'{"a":' * DEEP + b"1" + b"}" * DEEP)
    yield HostileBody("brackets never closed", b"[" * DEEP)
    for name in _names(right):
        inside = orjson.dumps(right).replace(b'"' + name.encode() + b'":', b'"' + name.encode() + b'":' + b"[" * 500, 1)
        yield HostileBody(f"unclosed arrays in {name}", inside)
    for depth in (60, 200, 1_000, 5_000):
        yield HostileBody(f"attributes {depth} deep", _with_attributes(right, depth), refused=False)


def _with_attributes(right: Any, depth: int) -> bytes:
    """Return the body with nested attributes in its first record, else at its top."""
    nested = b'{"a":' * depth + b"1" + b"}" * depth
    marked = orjson.dumps(_in_first_record(right, {"attributes": "deep"}))
    return marked.replace(b'"deep"', nested)


def _in_first_record(right: Any, added: dict[str, Any]) -> Any:
    for name, value in right.items() if isinstance(right, dict) else ():
        if isinstance(value, list) and value and isinstance(value[0], dict):
            return {**right, name: [{**value[0], **added}, *value[1:]]}
    return {**right, **added}


def _wrong_numbers(right: Any) -> Iterator[HostileBody]:
    for number in ("NaN", "Infinity", "-Infinity", "0x10", "1e", "01", LONG_NUMBER, "1e999", "-0.0"):
        for index, changed in _replaced(right, (MARK,)):
            content = orjson.dumps(changed).replace(f'"{MARK}"'.encode(), number.encode())
            yield HostileBody(f"{number[:9]} at {index}", content, refused=number in ("NaN", "Infinity", "0x10", "1e"))


def _encoded(right: Any) -> Iterator[HostileBody]:
    text = orjson.dumps(right).decode()
    for encoding in ("utf-16", "utf-16-le", "utf-32", "utf-7"):
        yield HostileBody(encoding, text.encode(encoding), refused=encoding != "utf-7")
    for index, changed in _replaced(right, (MARK,)):
        for name, raw in _SEQUENCES.items():
            refused = not name.startswith("escaped NUL")
            yield HostileBody(f"{name} at {index}", orjson.dumps(changed).replace(MARK.encode(), raw), refused=refused)


_SEQUENCES = {
    "GB 18030": "王小明".encode("gb18030"),
    "Latin 1": "Zoë".encode("latin-1"),
    "an overlong slash": b"\xc0\xaf",
    "half a character": b"\xe7\x8e",
    "a surrogate": b"\xed\xa0\x80",
    "an escaped surrogate": rb"\ud800",
    "a raw line feed": b"\n",
    "a raw NUL": b"\x00",
    "escaped NUL": rb"\u0000",
}


def _declared(text: bytes) -> Iterator[HostileBody]:
    """Yield the valid body under a wrong content type."""
    for kind in ("", "text/plain", "application/xml", "application/json; charset=gbk", "multipart/form-data", "é;;"):
        yield HostileBody(f"sent as {kind!r}", text, headers={"content-type": kind})
    for coding in ("gzip", "br", "deflate", "gzip, identity"):
        yield HostileBody(f"declared {coding}", text, headers={"content-type": JSON, "content-encoding": coding})


def _names(right: Any) -> list[str]:
    return list(right)[:3] if isinstance(right, dict) else []


def _replaced(value: Any, by: tuple[object, ...] = WRONG) -> Iterator[tuple[str, Any]]:
    """Yield the value with each leaf, array and object replaced in turn."""
    for replacement in by:
        yield "the top", replacement
    parts = value.items() if isinstance(value, dict) else enumerate(value[:1]) if isinstance(value, list) else ()
    for key, part in parts:
        for index, changed in _replaced(part, by):
            whole = {**value, key: changed} if isinstance(value, dict) else [changed, *value[1:]]
            yield f"{key}/{index}", whole
