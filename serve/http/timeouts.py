"""Limits of requests before the application sees them: idle connections, endless headers, no HTTP at all."""

import asyncio
from http import HTTPStatus
from typing import Any
from uuid import uuid4

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from serve.http.problems import MEDIA_TYPE, Problem, ProblemError, problem_response

HEAD_SECONDS = 30.0
"""From the connection, or the first byte of a further request, to the end of the headers."""

HEAD_BYTES = 64 * 1024
"""Of the request line and all headers."""


class HeadersTooLarge(Exception):
    """Raised within the parser, which stops then."""


class TimeoutProtocol(HttpToolsProtocol):
    """uvicorn's protocol with limits for the headers, which uvicorn lacks; what it cannot read is a problem too."""

    _timer: asyncio.TimerHandle | None = None
    _in_head = True
    _received = 0
    _parsed = 0

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self._wait()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        # A single endless header reaches no callback: its bytes are counted as they arrive.
        self._received = self._received + len(data) if self._in_head else 0
        if self._received > HEAD_BYTES and not self.transport.is_closing():
            self._refuse(_HEADERS_TOO_LARGE)

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._in_head, self._parsed = True, 0
        self._wait()

    def on_url(self, url: bytes) -> None:
        super().on_url(url)
        self._count(len(url))

    def on_header(self, name: bytes, value: bytes) -> None:
        super().on_header(name, value)
        self._count(len(name) + len(value))

    def on_headers_complete(self) -> None:
        self._in_head = False
        self._stop_waiting()
        super().on_headers_complete()

    def send_400_response(self, msg: str) -> None:
        """Answer what the parser cannot read; uvicorn would send plain text."""
        self._refuse(_HEADERS_TOO_LARGE if self._parsed > HEAD_BYTES else ProblemError(Problem.BAD_REQUEST, msg))

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_waiting()
        super().connection_lost(exc)

    def _count(self, size: int) -> None:
        self._parsed += size
        if self._parsed > HEAD_BYTES:
            raise HeadersTooLarge

    def _refuse(self, problem: ProblemError) -> None:
        response = problem_response(problem, uuid4().hex)
        status = HTTPStatus(problem.problem.status)
        head = (
            f"HTTP/1.1 {status.value} {status.phrase}",
            f"content-type: {MEDIA_TYPE}",
            f"content-length: {len(response.body)}",
            "connection: close",
        )
        self._stop_waiting()
        self.transport.write("\r\n".join((*head, "", "")).encode("ascii") + bytes(response.body))
        self.transport.close()

    def _wait(self) -> None:
        self._stop_waiting()
        self._timer = self.loop.call_later(HEAD_SECONDS, self.transport.close)

    def _stop_waiting(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


_HEADERS_TOO_LARGE = ProblemError(
    Problem.HEADERS_TOO_LARGE, f"The request line and headers exceed {HEAD_BYTES // 1024} KiB."
)
