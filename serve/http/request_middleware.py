"""Middleware of every request: its id, its log line, its metrics, a response even when the code fails."""

import re
from time import perf_counter
from typing import Any
from uuid import uuid4

from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from structlog.typing import FilteringBoundLogger

from serve.http.metrics import Metrics
from serve.http.problems import Problem, ProblemError, problem_response
from serve.logs import where_it_failed

REQUEST_ID = "kqml.request_id"
FACTS = "kqml.facts"
"""Scope keys: the id of the request, a dict of numbers that a route adds to the log line."""

_SAFE_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
_ABANDONED = 499
"""Logged when the client left before the answer; no such status is ever sent."""


class Envelope:
    """The outermost ASGI middleware of ours. Logs the route's template and sizes, never paths, bodies or clients."""

    def __init__(self, app: ASGIApp, metrics: Metrics, log: FilteringBoundLogger) -> None:
        self._app = app
        self._metrics = metrics
        self._log = log

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started, status = perf_counter(), 0
        scope[REQUEST_ID], scope[FACTS] = chosen_id(scope), {}

        async def send_signed(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message.get("headers", ()), (b"x-request-id", scope[REQUEST_ID].encode())]
            await send(message)

        try:
            await self._app(scope, receive, send_signed)
        except ClientDisconnect:
            status = _ABANDONED
        except Exception as error:  # noqa: BLE001  the border: an answer, and a log without the request's content
            self._log.error("request_failed", request_id=scope[REQUEST_ID], **where_it_failed(error))
            if not status:
                await problem_response(_FAILED, scope[REQUEST_ID])(scope, receive, send_signed)
        self._record(scope, status, perf_counter() - started)

    def _record(self, scope: Scope, status: int, seconds: float) -> None:
        facts: dict[str, Any] = scope[FACTS]
        route = getattr(scope.get("route"), "path", "unmatched")
        self._metrics.observe(route, scope["method"], status, seconds, facts.get("accounts", 0))
        self._log.info(
            "request",
            request_id=scope[REQUEST_ID],
            method=scope["method"],
            route=route,
            status=status,
            ms=round(seconds * 1e3, 2),
            **facts,
        )


def chosen_id(scope: Scope) -> str:
    """Return the client's X-Request-ID where it is safe to repeat, else a new one."""
    given = Headers(scope=scope).get("x-request-id", "")
    return given if _SAFE_ID.fullmatch(given) else uuid4().hex


_FAILED = ProblemError(
    Problem.INTERNAL, "An unexpected error occurred. The service's log has details under this request_id."
)
