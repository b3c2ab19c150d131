"""Hand-made hostile requests, sent to every operation that they fit."""

import random
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import quote

import httpx

from experiments.fuzz.answer_checks import AnswerCheck
from experiments.fuzz.bodies import HostileBody, hostile_bodies
from experiments.fuzz.cursors import tampered_pages
from experiments.fuzz.findings import FindingCounts, FuzzFinding
from experiments.fuzz.raw import raw_requests, send_raw
from experiments.fuzz.target import FuzzTarget

SECONDS = 30
Stepped = Callable[[int], object]


def fuzz_hostile(target: FuzzTarget, judge: AnswerCheck, share: float, seed: int, stepped: Stepped) -> FindingCounts:
    """Send that share of the bodies and all other requests as an authorised caller, then check that the service is
    alive."""
    tally, probability = FindingCounts(), random.Random(seed)
    noted = _Notes(judge, tally)
    with httpx.Client(base_url=target.url, headers=target.callers[0].headers, timeout=SECONDS) as http:
        for method, path, body in _bodies(target):
            if probability.random() < share:
                address = path.format(**{name: quote(ids[-1], safe="") for name, ids in target.ids.items()})
                headers = {name.encode(): value.encode("latin-1") for name, value in body.headers.items()}
                answer = http.request(method, address, content=body.content, headers=headers)
                noted.note(method, path, answer, body.name, body.refused)
                stepped(1)
        for path in tampered_pages(http):
            noted.note("GET", path.partition("?")[0], http.get(path), f"a tampered cursor: {path}", False)
        _note_alive(http, tally)
    _send_raw(target, tally)
    return tally


def _bodies(target: FuzzTarget) -> Iterator[tuple[str, str, HostileBody]]:
    """Yield for every operation with a JSON body: method, address, a body from its first example."""
    for path, operations in target.document["paths"].items():
        for method, operation in operations.items():
            sent = operation.get("requestBody", {}).get("content", {}).get("application/json")
            if sent is not None:
                right = target.bodies.get(path) or next(iter(sent["examples"].values()))["value"]
                yield from ((method.upper(), path, body) for body in hostile_bodies(right))


class _Notes:
    """Checks each answer against the document."""

    def __init__(self, judge: AnswerCheck, tally: FindingCounts) -> None:
        self._judge, self._tally = judge, tally

    def note(self, method: str, path: str, answer: httpx.Response, name: str, refused: bool) -> None:
        self._tally.count(answer.status_code)
        for what, story in self._judge.of_hand_made(method, path, answer):
            self._tally.add(FuzzFinding(f"{method} {path}", what, f"{name}: {answer.text[:300]}\n{story}"))
        if refused and answer.is_success:
            self._tally.add(FuzzFinding(f"{method} {path}", "what must be refused was taken", f"{name}: {answer.text}"))


def _send_raw(target: FuzzTarget, tally: FindingCounts) -> None:
    """Send malformed HTTP: it must be refused or left unanswered, without a failure."""
    for name, sent in raw_requests(target.callers[0].headers):
        status = send_raw(target.url, sent)
        tally.count(status)
        if status >= 500:
            tally.add(FuzzFinding("raw bytes", f"answered {status}", f"{name}: {sent[:300]!r}"))
    with httpx.Client(base_url=target.url, timeout=SECONDS) as http:
        _note_alive(http, tally)


def _note_alive(http: httpx.Client, tally: FindingCounts) -> None:
    for path in ("/healthz", "/readyz"):
        status: Any = http.get(path).status_code
        if status != 200:
            tally.add(FuzzFinding(f"GET {path}", f"{status} after all that", "the service is not well any more"))
