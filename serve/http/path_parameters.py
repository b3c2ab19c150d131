"""Path parameters split before decoding: an encoded slash belongs to an id."""

from urllib.parse import unquote, unquote_to_bytes

from starlette.types import ASGIApp, Receive, Scope, Send

from serve.http.problems import Problem, ProblemError, problem_response
from serve.http.request_middleware import REQUEST_ID

_SLASH = "\udc2f"
"""Stands for an encoded slash until the route is found; no text that was decoded can hold it."""


class WholeSegments:
    """ASGI middleware. Servers decode a path before it is routed, which would split the id `S%2F1`; this middleware
    routes by the segments as sent. A path that is not UTF-8 is refused: it would name something else."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        sent = address_of(scope) if scope["type"] == "http" else ""
        if "%" in sent:
            if not _is_text(sent):
                await problem_response(_NO_TEXT, scope[REQUEST_ID])(scope, receive, send)
                return
            scope["path"] = "/".join(unquote(part).replace("/", _SLASH) for part in sent.split("/"))
        await self._app(scope, receive, send)


def address_of(scope: Scope) -> str:
    """Return the path as sent, without the query."""
    sent: bytes | None = scope.get("raw_path")
    return str(scope["path"]) if sent is None else sent.decode("latin-1")


def whole(segment: object) -> object:
    """Return an id of the path with its slashes."""
    return segment.replace(_SLASH, "/") if isinstance(segment, str) else segment


def _is_text(sent: str) -> bool:
    try:
        unquote_to_bytes(sent).decode()
    except UnicodeDecodeError:
        return False
    return True


_NO_TEXT = ProblemError(Problem.BAD_REQUEST, "The URL is not valid UTF-8.")
