"""The problems of requests as RFC 9457 problem details."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any
from urllib.parse import quote

import orjson
from starlette.responses import Response

MEDIA_TYPE = "application/problem+json"
LISTED_ERRORS = 10_000
"""Faulty items listed in one problem; `errors_total` counts those beyond too."""


class Problem(Enum):
    """The kinds of problem: the last part of `type`, the status, the title."""

    BAD_REQUEST = ("bad-request", 400, "Malformed request")
    INVALID_JSON = ("invalid-json", 400, "Invalid JSON")
    UNAUTHENTICATED = ("unauthenticated", 401, "Missing or invalid credentials")
    FORBIDDEN = ("forbidden", 403, "Permission denied")
    NOT_FOUND = ("not-found", 404, "Not found")
    METHOD_NOT_ALLOWED = ("method-not-allowed", 405, "Method not allowed")
    TOO_SLOW = ("too-slow", 408, "Request timeout")
    CONFLICT = ("conflict", 409, "Conflict with the current state")
    CHANGED = ("changed", 412, "Precondition failed")
    TOO_LARGE = ("too-large", 413, "Request body too large")
    UNSUPPORTED_MEDIA_TYPE = ("unsupported-media-type", 415, "Unsupported media type")
    INVALID_REQUEST = ("invalid-request", 422, "Invalid request")
    KEY_REUSED = ("key-reused", 422, "Idempotency-Key reused for a different request")
    RATE_LIMITED = ("rate-limited", 429, "Too many requests")
    HEADERS_TOO_LARGE = ("headers-too-large", 431, "Request headers too large")
    INTERNAL = ("internal", 500, "Internal server error")
    NO_MODEL = ("no-model", 503, "No model available")
    NO_DATABASE = ("no-database", 503, "Database unavailable")

    def __init__(self, slug: str, status: int, title: str) -> None:
        self.slug = slug
        self.status = status
        self.title = title

    @property
    def type(self) -> str:
        return f"urn:kqml:problem:{self.slug}"


@dataclass(frozen=True)
class ProblemItem:
    """One faulty item: a JSON pointer into the body as a URI fragment (`#/accounts/0/events`), and the fault.

    An item outside the body has an empty pointer and the name of the parameter or header instead.
    """

    pointer: str
    detail: str
    parameter: str | None = None

    def as_json(self) -> dict[str, str]:
        text = {"pointer": self.pointer} if self.parameter is None else {"parameter": self.parameter}
        return {**text, "detail": self.detail}


class ProblemError(Exception):
    """Raised by a route; becomes the response of the problem."""

    def __init__(
        self,
        problem: Problem,
        detail: str,
        errors: Sequence[ProblemItem] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.problem = problem
        self.detail = detail
        self.errors = tuple(errors)
        self.headers = dict(headers or {})


def problem_response(error: ProblemError, request_id: str) -> Response:
    """Return the response of a problem; `request_id` is also in the service's log."""
    body: dict[str, Any] = {
        "type": error.problem.type,
        "title": error.problem.title,
        "status": error.problem.status,
        "detail": error.detail,
        "request_id": request_id,
    }
    if error.errors:
        listed = error.errors[:LISTED_ERRORS]
        body["errors"] = [item.as_json() for item in listed]
        body["errors_total"] = len(error.errors)
    return Response(orjson.dumps(body), error.problem.status, error.headers, MEDIA_TYPE)


def invalid_request(errors: Sequence[ProblemItem]) -> ProblemError:
    """Return the problem of faulty items."""
    items = "1 invalid item" if len(errors) == 1 else f"{len(errors)} invalid items"
    return ProblemError(Problem.INVALID_REQUEST, f"The request has {items}; nothing was changed.", errors)


def not_found(what: str) -> ProblemError:
    """The problem of an id that names nothing the caller may see."""
    return ProblemError(Problem.NOT_FOUND, f"The {what} does not exist.")


def pointer_to(path: Sequence[str | int]) -> str:
    """Return the JSON pointer (RFC 6901) to `path` as a URI fragment."""
    return "#" + "".join("/" + quote(str(step).replace("~", "~0").replace("/", "~1")) for step in path)
