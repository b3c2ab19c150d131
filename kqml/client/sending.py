"""Sending of requests, with retries, and the errors that a call raises."""

import random
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import count
from typing import Any, BinaryIO

import httpx

from kqml.errors import CouldNot


@dataclass(frozen=True)
class ItemError:
    """One faulty item: a JSON pointer into what was sent, or the name of a parameter or header."""

    where: str
    detail: str


class ApiProblem(CouldNot):
    """The service's problem (RFC 9457): `kind` is the last part of its type, such as `invalid-request`."""

    def __init__(self, status: int, text: Mapping[str, Any]) -> None:
        self.status = status
        self.kind = str(text.get("type", "")).rpartition(":")[2] or "unknown"
        self.request_id = text.get("request_id")
        self.items = tuple(
            ItemError(item.get("pointer") or item.get("parameter", ""), item["detail"])
            for item in text.get("errors") or ()
        )
        detail = text.get("detail") or text.get("title") or "The service gave no reason."
        super().__init__(
            "\n".join([f"{status} {self.kind}: {detail}", *(f"  {i.where}: {i.detail}" for i in self.items)])
        )


class Unreachable(CouldNot):
    """The service did not respond to any try; the request may or may not have arrived."""


RETRIED = frozenset({429, 502, 503, 504})
"""Statuses of responses that are retried."""


@dataclass(frozen=True)
class RetryPolicy:
    """How long to keep trying, in seconds: `budget` from the first failure, so that a restart of the service or of its
    database is waited for. Pauses: `first`, each time `growth` times as long, at most `longest`, less a random part up
    to half, so that many callers do not return at once. `timeout`: of one try."""

    budget: float = 90.0
    first: float = 0.25
    growth: float = 2.0
    longest: float = 15.0
    timeout: float = 60.0

    def pauses(self) -> Iterator[float]:
        """Yield the waiting times between the tries, in seconds, without end."""
        for index in count():
            yield min(self.longest, self.first * self.growth ** min(index, 64))


@dataclass(frozen=True)
class Sender:
    """Sends requests. Retries repeat the same idempotency key, so that a change that arrives twice is made once.
    `clock`: in seconds."""

    http: httpx.Client
    retries: RetryPolicy
    sleep: Callable[[float], object] = time.sleep
    clock: Callable[[], float] = time.monotonic
    chance: random.Random = field(default_factory=random.Random)

    def get(self, path: str, params: Mapping[str, Any] | None = None) -> httpx.Response:
        """Return the response to a GET. Raises ApiProblem, Unreachable."""
        return self._send(self.http.build_request("GET", path, params=params))

    def download(self, path: str, params: Mapping[str, Any], target: BinaryIO) -> int:
        """Write the body of a GET to an open file as it arrives; return how many bytes. A connection that breaks within
        the body raises httpx.TransportError: what was written is not whole. Raises ApiProblem."""
        with self.http.stream("GET", path, params=params) as answer:
            if answer.status_code >= 400:
                answer.read()
                _checked(answer)
            return sum(target.write(chunk) for chunk in answer.iter_bytes())

    def send(
        self, method: str, path: str, body: Mapping[str, Any], headers: Mapping[str, str] | None = None
    ) -> httpx.Response:
        """Return the response to a POST or PUT of JSON. Raises ApiProblem, Unreachable."""
        keyed = {"idempotency-key": str(uuid.uuid4()), **(headers or {})}
        return self._send(self.http.build_request(method, path, json=body, headers=keyed))

    def _send(self, request: httpx.Request) -> httpx.Response:
        """Raises ApiProblem for an error response, Unreachable where no try gets a response."""
        ends: float | None = None
        for tries, pause in enumerate(self.retries.pauses(), 1):
            answer = self._try(request)
            if isinstance(answer, httpx.Response) and answer.status_code not in RETRIED:
                return _checked(answer)
            now, wait = self.clock(), self._wait(answer, pause)
            ends = now + self.retries.budget if ends is None else ends
            if now + wait > ends:
                return _given_up(request, answer, tries)
            self.sleep(wait)
        raise AssertionError("pauses do not end")

    def _try(self, request: httpx.Request) -> httpx.Response | httpx.TransportError:
        try:
            return self.http.send(request)
        except httpx.TransportError as error:
            return error

    def _wait(self, answer: httpx.Response | httpx.TransportError, pause: float) -> float:
        request = answer.headers.get("retry-after", "") if isinstance(answer, httpx.Response) else ""
        if request.isdigit():
            return float(request)
        return pause * self.chance.uniform(0.5, 1.0)


def _given_up(request: httpx.Request, answer: httpx.Response | httpx.TransportError, tries: int) -> httpx.Response:
    if isinstance(answer, httpx.Response):
        return _checked(answer)
    what = "try" if tries == 1 else "tries"
    raise Unreachable(f"{request.method} {request.url} was not answered in {tries} {what}: {answer}.") from answer


def _checked(answer: httpx.Response) -> httpx.Response:
    if answer.status_code < 400:
        return answer
    try:
        text = answer.json()
    except ValueError:
        text = {}
    raise ApiProblem(answer.status_code, text if isinstance(text, dict) else {})
