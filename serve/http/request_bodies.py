"""Read request bodies within a limit and check them against a schema."""

import asyncio
import re
from codecs import BOM_UTF8
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails
from starlette.requests import Request

from serve.http.fields import PATTERNS_IN_WORDS
from serve.http.problems import Problem, ProblemError, ProblemItem, invalid_request, pointer_to

Body = TypeVar("Body", bound=BaseModel)
BODY_SECONDS = 120.0
"""From the headers to the end of the body: 32 MiB by 2.2 Mbit/s."""

SHOWN_CHARACTERS = 60
"""Characters of a faulty value that a problem repeats."""

_JSON_TYPE = re.compile(r"application/(merge-patch\+)?json\s*(;\s*charset=\"?utf-8\"?\s*)?$", re.IGNORECASE)


async def read_json_bytes(request: Request, limit: int) -> bytes:
    """Return the body as sent, without a byte order mark. Raises ProblemError where it is not declared as JSON in
    UTF-8, exceeds `limit` bytes, or does not arrive in time."""
    _check_headers(request, limit)
    return (await read_bytes(request, limit, _too_large(limit))).removeprefix(BOM_UTF8)


async def read_bytes(request: Request, limit: int, too_large: ProblemError) -> bytes:
    """Return the body as sent. Raises `too_large` beyond `limit` bytes, ProblemError (408) where it does not arrive in
    time."""
    parts, size = [], 0
    try:
        async with asyncio.timeout(BODY_SECONDS):
            async for part in request.stream():
                size += len(part)
                if size > limit:
                    raise too_large
                parts.append(part)
    except TimeoutError:
        detail = f"The body did not arrive within {BODY_SECONDS:g} seconds. Send smaller requests."
        raise ProblemError(Problem.TOO_SLOW, detail, headers={"connection": "close"}) from None
    return b"".join(parts)


def parse_body(schema: type[Body], body: bytes) -> Body:
    """Return the body as `schema`. Raises ProblemError: 400 where it is not JSON, else 422 with every faulty item."""
    try:
        return schema.model_validate_json(body)
    except ValidationError as error:
        details = error.errors(include_url=False)
    if details[0]["type"] == "json_invalid":
        raise ProblemError(Problem.INVALID_JSON, f"{details[0]['msg']}.")
    raise invalid_request([ProblemItem(pointer_to(item["loc"]), error_text(item)) for item in details])


def _check_headers(request: Request, limit: int) -> None:
    headers = request.headers
    if not _JSON_TYPE.match(headers.get("content-type", "")):
        text = _shown(headers.get("content-type", "nothing"))
        raise ProblemError(Problem.UNSUPPORTED_MEDIA_TYPE, f"Content-Type is {text}. Send application/json in UTF-8.")
    if headers.get("content-encoding", "identity").lower() != "identity":
        text = _shown(headers["content-encoding"])
        raise ProblemError(Problem.UNSUPPORTED_MEDIA_TYPE, f"Content-Encoding is {text}. Send the body uncompressed.")
    length = headers.get("content-length", "0")
    if length.isdecimal() and int(length) > limit:
        raise _too_large(limit)


def _too_large(limit: int) -> ProblemError:
    detail = f"The body exceeds {limit:,} bytes. Split it into several requests."
    return ProblemError(Problem.TOO_LARGE, detail, headers={"connection": "close"})


def error_text(item: ErrorDetails) -> str:
    """Return the fault of an item with its value."""
    if item["type"] in ("missing", "extra_forbidden"):
        return item["msg"]
    text = PATTERNS_IN_WORDS.get(item.get("ctx", {}).get("pattern", ""), item["msg"])
    return f"{text} (got {_shown(item['input'])})"


def _shown(value: Any) -> str:
    if isinstance(value, list | dict):
        return f"{'an array' if isinstance(value, list) else 'an object'} of {len(value)}"
    text = repr(value)
    return text if len(text) <= SHOWN_CHARACTERS else f"{text[:SHOWN_CHARACTERS]}…"
