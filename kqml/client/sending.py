"""Sending of requests, with retries, and the errors that a call raises."""

import random
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

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
    """The service did not answer, however often it was asked; what was sent may or may not have arrived."""


AGAIN = frozenset({429, 502, 503, 504})
"""Answers that another try may turn into a better one."""


@dataclass(frozen=True)
class Patience:
    """How often to try, for how long to wait: `first` seconds, each time `growth` times as long, at most `longest`,
    less up to half of it by chance so that many callers do not come back at once."""

    tries: int = 6
    first: float = 0.25
    growth: float = 2.0
    longest: float = 30.0
    timeout: float = 60.0

    def pauses(self) -> Iterator[float]:
        """The waiting times between the tries."""
        for index in range(self.tries - 1):
            yield min(self.longest, self.first * self.growth**index)


@dataclass(frozen=True)
class Sender:
    """Sends requests. A try repeats the same key, so a change that arrived twice is made once."""

    http: httpx.Client
    patience: Patience
    sleep: Callable[[float], object] = time.sleep
    chance: random.Random = field(default_factory=random.Random)

    def ask(self, path: str, params: Mapping[str, Any] | None = None) -> httpx.Response:
        """The answer to a GET."""
        return self._send(self.http.build_request("GET", path, params=params))

    def tell(
        self, method: str, path: str, body: Mapping[str, Any], headers: Mapping[str, str] | None = None
    ) -> httpx.Response:
        """The answer to a POST or PUT of JSON."""
        keyed = {"idempotency-key": str(uuid.uuid4()), **(headers or {})}
        return self._send(self.http.build_request(method, path, json=body, headers=keyed))

    def _send(self, request: httpx.Request) -> httpx.Response:
        """Raises ApiProblem where the service says no, Unreachable where it never answers."""
        for pause in self.patience.pauses():
            answer = self._try(request)
            if isinstance(answer, httpx.Response) and answer.status_code not in AGAIN:
                return _checked(answer)
            self.sleep(self._wait(answer, pause))
        answer = self._try(request)
        if isinstance(answer, httpx.Response):
            return _checked(answer)
        where = f"{request.method} {request.url}"
        raise Unreachable(f"{where} was not answered in {self.patience.tries} tries: {answer}.") from answer

    def _try(self, request: httpx.Request) -> httpx.Response | httpx.TransportError:
        try:
            return self.http.send(request)
        except httpx.TransportError as error:
            return error

    def _wait(self, answer: httpx.Response | httpx.TransportError, pause: float) -> float:
        request = answer.headers.get("retry-after", "") if isinstance(answer, httpx.Response) else ""
        if request.isdigit():
            return min(float(request), self.patience.longest)
        return pause * self.chance.uniform(0.5, 1.0)


def _checked(answer: httpx.Response) -> httpx.Response:
    if answer.status_code < 400:
        return answer
    try:
        text = answer.json()
    except ValueError:
        text = {}
    raise ApiProblem(answer.status_code, text if isinstance(text, dict) else {})
