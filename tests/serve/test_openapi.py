"""The OpenAPI document against the service: what it promises holds for generated requests."""

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis import GenerationMode
from schemathesis.specs.openapi.checks import positive_data_acceptance

from serve.problems import Problem

POSITIVE, NEGATIVE = GenerationMode.POSITIVE, GenerationMode.NEGATIVE
REQUESTS = [
    ("/v1/scores", "POST", POSITIVE),
    ("/v1/scores", "POST", NEGATIVE),
    ("/v1/model", "GET", POSITIVE),
    ("/healthz", "GET", POSITIVE),
    ("/readyz", "GET", POSITIVE),
    ("/metrics", "GET", POSITIVE),
]
BEYOND_SCHEMA = (
    "asked for twice",
    "stands twice",
    "its month does not have",
    "that holds the event",
    "there is no account",
    "a profile goes with a history",
)


@pytest.fixture
def body_limit():
    """Enough for a body that is wrong only in having too many events."""
    return 4 * 2**20


@pytest.mark.parametrize(("path", "method", "mode"), REQUESTS)
def test_generated_requests_get_the_answers_that_the_document_names(running, path, method, mode):
    schema = schemathesis.openapi.from_asgi("/openapi.json", running.client.app)
    cases = schema[path][method].as_strategy(generation_mode=mode)

    @settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
    @given(cases)
    def check(case):
        answer = case.call()
        case.validate_response(answer, excluded_checks=[positive_data_acceptance])
        if mode is POSITIVE and answer.status_code == 422:
            details = [error["detail"] for error in answer.json()["errors"]]
            assert [detail for detail in details if not any(word in detail for word in BEYOND_SCHEMA)] == []

    check()


def test_the_document_is_complete(client):
    document = client.get("/openapi.json").json()
    assert set(document["paths"]) == {"/v1/scores", "/v1/model", "/healthz", "/readyz", "/metrics"}
    answers = document["paths"]["/v1/scores"]["post"]["responses"]
    assert set(answers) == {"200", "400", "413", "415", "422", "503"}
    assert set(answers["422"]["content"]) == {"application/problem+json"}


def test_no_reference_of_the_document_is_dangling(client):
    document = client.get("/openapi.json")
    names = {part.split('"')[0] for part in document.text.split("#/components/schemas/")[1:]}
    assert names <= set(document.json()["components"]["schemas"])


def test_every_problem_has_its_own_name():
    assert len({problem.slug for problem in Problem}) == len(list(Problem))
