"""The conditions `If-Match` and `If-None-Match`."""

import re
from hashlib import sha256

from fastapi import Request

from serve.http.problems import Problem, ProblemError

_TAG = re.compile(r'(?:W/)?"([^"]*)"')


def require_unchanged(request: Request, version: int | None) -> None:
    """Raise ProblemError (412) unless the stored version (None: there is no record) meets the conditions of the
    request.

    Only the version in a tag counts: a new score does not change the account.
    """
    expected, unwanted = request.headers.get("if-match"), request.headers.get("if-none-match")
    if expected is not None and not (version is not None and _names(expected, str(version))):
        raise _changed("If-Match", version)
    if unwanted is not None and version is not None and _names(unwanted, str(version)):
        raise _changed("If-None-Match", version)


def matches_tag(request: Request, tag: str) -> bool:
    """Return whether the client has this response already."""
    given = request.headers.get("if-none-match", "")
    return given.strip() == "*" or tag.strip('"') in _TAG.findall(given)


def _names(header: str, version: str) -> bool:
    return header.strip() == "*" or version in {tag.split(".")[0] for tag in _TAG.findall(header)}


def _changed(header: str, version: int | None) -> ProblemError:
    now = "the record does not exist" if version is None else f"the record has version {version}"
    return ProblemError(
        Problem.CHANGED, f"The condition {header} is not met: {now}. Read the record again before you change it."
    )


def entity_tag(version: int, *more: object) -> str:
    """Return the strong tag of a record: its version, then a hash of what else is shown with it."""
    rest = f".{sha256(repr(more).encode()).hexdigest()[:12]}" if any(item is not None for item in more) else ""
    return f'"{version}{rest}"'
