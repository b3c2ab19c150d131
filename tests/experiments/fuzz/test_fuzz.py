"""The fuzz in small, and that its judge sees what it must see."""

from collections.abc import Iterator

import httpx
import pytest
from database_fixtures import *  # noqa: F403
from published_bundles import publish
from small_company import shared_small_company

from experiments.fuzz.__main__ import fuzz
from experiments.fuzz.answer_checks import AnswerCheck, wrong_access
from experiments.fuzz.bodies import hostile_bodies
from experiments.fuzz.callers import FuzzCaller
from experiments.fuzz.findings import FindingCounts, FuzzFinding
from experiments.fuzz.hostile import fuzz_hostile
from experiments.fuzz.target import FuzzTarget, running_target
from serve.security.callers import Scope

REQUESTS = 500
"""On each of two databases: together a twentieth of what `make fuzz` sends to one."""


@pytest.mark.slow
def test_no_request_is_answered_wrongly(database_address: str) -> None:
    told = fuzz(database_address, publish(shared_small_company(), 0), REQUESTS, seed=1)
    generated, hostile, logins = told["generated"], told["hostile"], told["logins"]

    assert [*generated["findings"], *hostile["findings"], *logins["findings"]] == []
    assert generated["requests"] >= REQUESTS
    assert hostile["requests"] > 200
    assert {"200", "201", "401", "403", "404", "422"} <= set(generated["statuses"])
    assert {"200", "303", "400", "401"} <= set(logins["statuses"])


@pytest.fixture
def target(sqlite_template: object, tmp_path_factory: pytest.TempPathFactory) -> Iterator[FuzzTarget]:
    folder = tmp_path_factory.mktemp("target")
    with running_target(f"sqlite:///{folder / 'kqml.db'}", folder / "no-model.json", folder / "log") as found:
        yield found


def test_what_the_document_does_not_say_is_found(target: FuzzTarget) -> None:
    operation = target.document["paths"]["/v1/reps/{rep_id}"]["get"]
    del operation["responses"]["404"]
    target.document["components"]["schemas"]["Health"]["properties"]["status"] = {"const": "well"}
    judge = AnswerCheck(target.document)
    with httpx.Client(base_url=target.url, headers=target.callers[0].headers) as http:
        absent, health = http.get("/v1/reps/nobody"), http.get("/healthz")

    assert [what for what, _ in judge.of_hand_made("GET", "/v1/reps/{rep_id}", absent)] == ["UndefinedStatusCode: 404"]
    assert [what for what, _ in judge.of_hand_made("GET", "/healthz", health)] == ["JsonSchemaError: 200"]


def test_a_failing_service_is_found(target: FuzzTarget) -> None:
    """Without a model the service answers 503, which the document names, but which nobody shall see here."""
    tally = fuzz_hostile(target, AnswerCheck(target.document), 0.0, 0, lambda done: None)

    assert ("GET /readyz", "503 after all that") in tally.findings


@pytest.mark.parametrize(
    ("scopes", "status", "wrong"),
    [
        ({Scope.READ_MODEL}, 200, None),
        ({Scope.READ_MODEL}, 403, "who may ask was turned away"),
        ({Scope.READ_MODEL}, 401, "who may ask was turned away"),
        ({Scope.READ_METRICS}, 403, None),
        ({Scope.READ_METRICS}, 404, None),
        ({Scope.READ_METRICS}, 200, "who may not ask was let in"),
        ({Scope.READ_METRICS}, 422, "who may not ask was let in"),
        (set(), 401, None),
        (set(), 403, "a stranger was told 403"),
        (set(), 304, "who may not ask was let in"),
    ],
)
def test_whom_an_answer_lets_in_is_judged(scopes: set[Scope], status: int, wrong: str | None) -> None:
    assert wrong_access("model:read", FuzzCaller("somebody", {}, frozenset(scopes)), status) == wrong


def test_whoever_may_ask_may_be_refused_for_what_the_body_contains() -> None:
    caller = FuzzCaller("somebody", {}, frozenset({Scope.WRITE_EVENTS}))
    assert wrong_access("events:write", caller, 403, names_contents=True) is None
    assert wrong_access("events:write", caller, 401, names_contents=True) == "who may ask was turned away"


def test_findings_of_a_kind_are_told_once() -> None:
    tally = FindingCounts()
    for example in ("first", "second"):
        tally.add(FuzzFinding("GET /", "ServerError: 500", example))

    told = {"operation": "GET /", "what": "ServerError: 500", "times": 2, "example": "first"}
    assert tally.summary() == {"requests": 0, "statuses": {}, "findings": [told]}


def test_hostile_bodies_are_of_every_kind_that_was_asked_for() -> None:
    bodies = {body.name: body for body in hostile_bodies({"events": [{"event_id": "e", "amount": 1.0}]})}

    assert bodies["NaN at events/0/amount/the top"].content == b'{"events":[{"event_id":"e","amount":NaN}]}'
    assert bodies["a raw NUL at events/0/event_id/the top"].content == b'{"events":[{"event_id":"\0","amount":1.0}]}'
    assert bodies["utf-16"].content.decode("utf-16") == '{"events":[{"event_id":"e","amount":1.0}]}'
    assert bodies["21 of 42 bytes"].content == b'{"events":[{"event_id'
    assert b'{"event_id":"e","amount":1.0,"attributes":{"a":{"a":' in bodies["attributes 200 deep"].content
    assert max(len(body.content) for body in bodies.values()) > 1 << 20
    assert len(bodies) > 100
