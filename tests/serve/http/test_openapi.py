"""The OpenAPI document against the service: what it promises holds for generated requests."""

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from jsonschema_rs import Draft202012Validator
from schemathesis import GenerationMode
from schemathesis.specs.openapi.checks import ignored_auth, positive_data_acceptance

from serve.http.openapi import EXAMPLES, read_examples
from serve.http.problems import Problem

POSITIVE, NEGATIVE = GenerationMode.POSITIVE, GenerationMode.NEGATIVE
REQUESTS = [
    ("/v1/scores", "POST", POSITIVE),
    ("/v1/scores", "POST", NEGATIVE),
    ("/v1/scores", "GET", POSITIVE),
    ("/v1/scores", "GET", NEGATIVE),
    ("/v1/events", "POST", POSITIVE),
    ("/v1/events", "POST", NEGATIVE),
    ("/v1/accounts", "GET", POSITIVE),
    ("/v1/accounts", "GET", NEGATIVE),
    ("/v1/accounts", "POST", POSITIVE),
    ("/v1/accounts", "POST", NEGATIVE),
    ("/v1/accounts/{account_id}", "GET", POSITIVE),
    ("/v1/accounts/{account_id}", "PUT", POSITIVE),
    ("/v1/accounts/{account_id}", "PATCH", POSITIVE),
    ("/v1/accounts/{account_id}", "PUT", NEGATIVE),
    ("/v1/accounts/{account_id}/history", "GET", POSITIVE),
    ("/v1/accounts/{account_id}/contacts", "GET", POSITIVE),
    ("/v1/contacts", "POST", POSITIVE),
    ("/v1/contacts/{contact_id}", "GET", POSITIVE),
    ("/v1/contacts/{contact_id}", "PUT", POSITIVE),
    ("/v1/contacts/{contact_id}", "PATCH", POSITIVE),
    ("/v1/reps", "GET", POSITIVE),
    ("/v1/reps", "POST", POSITIVE),
    ("/v1/reps/{rep_id}", "GET", POSITIVE),
    ("/v1/reps/{rep_id}", "PUT", POSITIVE),
    ("/v1/reps/{rep_id}", "PATCH", POSITIVE),
    ("/v1/reps/{rep_id}/plan", "GET", POSITIVE),
    ("/v1/reps/{rep_id}/days", "GET", POSITIVE),
    ("/v1/reps/{rep_id}/portfolio", "GET", POSITIVE),
    ("/v1/reps/{rep_id}/compliance", "GET", POSITIVE),
    ("/v1/reports/adoption", "GET", POSITIVE),
    ("/v1/reports/adoption", "GET", NEGATIVE),
    ("/v1/duties", "GET", POSITIVE),
    ("/v1/duties", "GET", NEGATIVE),
    ("/v1/duties/status", "POST", POSITIVE),
    ("/v1/duties/status", "POST", NEGATIVE),
    ("/v1/recommendations", "POST", POSITIVE),
    ("/v1/recommendations", "POST", NEGATIVE),
    ("/v1/decisions", "GET", POSITIVE),
    ("/v1/decisions", "GET", NEGATIVE),
    ("/v1/decisions/{decision_id}", "GET", POSITIVE),
    ("/v1/decisions/{decision_id}/status", "POST", POSITIVE),
    ("/v1/decisions/{decision_id}/status", "POST", NEGATIVE),
    ("/v1/reports/grades", "GET", POSITIVE),
    ("/v1/exports/scores", "GET", POSITIVE),
    ("/v1/exports/plans", "GET", POSITIVE),
    ("/v1/accounts/{account_id}/grades", "GET", POSITIVE),
    ("/v1/accounts/{account_id}/relationship", "GET", POSITIVE),
    ("/v1/accounts/{account_id}/emotional-account", "GET", POSITIVE),
    ("/v1/model", "GET", POSITIVE),
    ("/healthz", "GET", POSITIVE),
    ("/readyz", "GET", POSITIVE),
    ("/metrics", "GET", POSITIVE),
]
READ_ONLY = ("/v1/scores", "/v1/model", "/healthz", "/readyz", "/metrics")
"""Asked more often: nothing waits for a disk. The whole API is fuzzed by `make fuzz`."""

BEYOND_SCHEMA = (
    "is not between the year 2000 and now",
    "asked for twice",
    "stands twice",
    "is a duplicate",
    "occurs twice",
    "its month does not have",
    "is not a valid date",
    "goes with the state done",
    "give 1 to 53 weeks",
    "names the contact that it is about",
    "is not a contact of the account",
    "is not in the future",
    "within the quiet hours",
    "is empty or a word for no value",
    "has lost digits",
    "marks against spreadsheets",
    "that holds the event",
    "there is no account",
    "does not exist",
    "a profile goes with a history",
    "is stored with different contents",
    "is not a valid cursor",
    "is not a week of its year",
    "reserved for events of the service",
    "was used for a different request",
    "before it starts",
    "requires a reason",
    "requires it",
    "is not a duty in",
    "or rep_id for a duty of a rep",
    "is in the future",
    "exceeds a double",
    "exactly one of",
    "has not begun",
    "is not an action of the playbook",
    "days ahead",
    "has no open account",
    "is over and has no decisions",
    "stored events",
)


@pytest.fixture
def body_limit():
    """Enough for a body that is wrong only in having too many events."""
    return 4 * 2**20


@pytest.mark.parametrize(("path", "method", "mode"), REQUESTS)
def test_generated_requests_get_the_answers_that_the_document_names(running, path, method, mode):
    schema = schemathesis.openapi.from_asgi("/openapi.json", running.client.app)
    cases = schema[path][method].as_strategy(generation_mode=mode)

    @settings(
        max_examples=20 if path in READ_ONLY else 8,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        derandomize=True,
    )
    @given(cases)
    def check(case):
        answer = case.call()
        case.validate_response(answer, excluded_checks=[positive_data_acceptance, ignored_auth])
        if mode is POSITIVE and answer.status_code == 422:
            details = [error["detail"] for error in answer.json()["errors"]]
            assert [detail for detail in details if not any(word in detail for word in BEYOND_SCHEMA)] == []

    check()


def test_the_document_is_complete(client):
    document = client.get("/openapi.json").json()
    operations = [one for path in document["paths"].values() for one in path.values()]
    assert all(one["operationId"].isidentifier() and one["summary"] for one in operations)
    assert len({one["operationId"] for one in operations}) == len(operations)
    answers = document["paths"]["/v1/scores"]["post"]["responses"]
    assert set(answers) == {"200", "400", "401", "403", "408", "413", "415", "422", "429", "431", "503"}
    assert set(answers["422"]["content"]) == {"application/problem+json"}


DESCRIBED = [(name, one) for name, file in EXAMPLES.items() for one in read_examples(file)]


@pytest.mark.parametrize(("schema", "name"), DESCRIBED)
def test_every_example_of_a_body_is_one(client, schema, name):
    example = read_examples(EXAMPLES[schema])[name]["value"]
    document = client.get("/openapi.json").json()
    wanted = {"$ref": f"#/components/schemas/{schema}", "components": document["components"]}
    Draft202012Validator(wanted, validate_formats=True).validate(example)


@pytest.mark.parametrize(
    ("method", "path", "name"),
    [
        ("POST", "/v1/events", "EventBatch"),
        ("PUT", "/v1/accounts/S-1001", "AccountBody"),
        ("POST", "/v1/accounts", "AccountBatch"),
        ("PUT", "/v1/contacts/S-1001", "ContactBody"),
        ("POST", "/v1/contacts", "ContactBatch"),
        ("PUT", "/v1/reps/S-1001", "RepBody"),
        ("POST", "/v1/reps", "RepBatch"),
    ],
)
def test_every_example_of_a_body_works(client, method, path, name):
    document = client.get("/openapi.json").json()
    for example in read_examples(EXAMPLES[name]).values():
        answer = client.request(method, path, json=example["value"])
        assert answer.status_code in (200, 201), answer.text
        described = [
            route
            for route in document["paths"]
            if route.replace("{" + route.partition("{")[2].partition("}")[0] + "}", "S-1001") == path
        ]
        responses = document["paths"][described[-1]][method.lower()]["responses"]
        shape = responses["200"]["content"]["application/json"]["schema"]
        Draft202012Validator({**shape, "components": document["components"]}).validate(answer.json())


def test_every_example_of_recommendations_works(client):
    accounts = [{"account_id": name, "owner_rep_id": "R-7"} for name in ("S-1001", "S-1002")]
    client.post("/v1/accounts", json={"accounts": accounts})
    for example in read_examples(EXAMPLES["RecommendationRequest"]).values():
        answer = client.post("/v1/recommendations", json=example["value"])
        assert answer.status_code == 200, answer.text
        document = client.get("/openapi.json").json()
        wanted = {"$ref": "#/components/schemas/Recommendations", "components": document["components"]}
        Draft202012Validator(wanted).validate(answer.json())


def test_no_property_has_a_default(client):
    """Generators of TypeScript make properties with defaults required."""
    schemas = client.get("/openapi.json").json()["components"]["schemas"]
    properties = [
        (name, key, body) for name, schema in schemas.items() for key, body in schema.get("properties", {}).items()
    ]
    assert len(properties) > 200
    assert [(name, key) for name, key, body in properties if "default" in body] == []


def test_no_schema_is_only_a_reference_to_another(client):
    """Generators of Python drop operations with such a body."""
    schemas = client.get("/openapi.json").json()["components"]["schemas"]
    assert [name for name, schema in schemas.items() if "$ref" in schema] == []


def test_every_operation_names_its_authentication_or_that_it_needs_none(client):
    document = client.get("/openapi.json").json()
    operations = {one["operationId"]: one for path in document["paths"].values() for one in path.values()}
    assert [name for name, one in operations.items() if "security" not in one] == []
    assert [name for name, one in operations.items() if one["security"] == []] == ["show_health", "show_readiness"]


TIMES = {
    "2024-03-20T09:30:00+08:00": (True, True),
    "2024-03-20T09:30:00.123456Z": (True, True),
    "2024-03-20T09:30Z": (False, True),
    "2024-03-20 09:30:00,5+0800": (False, True),
    "1989-12-31T23:59:59Z": (False, False),
    "1970-01-01T00:00Z": (False, False),
    "2024-03-20T09:30:00": (False, False),
}
"""Time of an event → whether the document describes it, whether the service takes it."""


@pytest.mark.parametrize("column", ["occurred_at", "due_at"])
@pytest.mark.parametrize("time", TIMES)
def test_the_times_of_the_document_are_those_of_its_format_and_are_taken(client, column, time):
    event = {"event_id": "e", "account_id": "S-1", "occurred_at": "2024-01-01T00:00:00Z", "kind": "promise_made"}
    body = {"events": [event | {column: time}]}
    document = client.get("/openapi.json").json()
    wanted = {"$ref": "#/components/schemas/EventBatch", "components": document["components"]}
    described, taken = TIMES[time]
    for formats in (False, True):
        assert Draft202012Validator(wanted, validate_formats=formats).is_valid(body) is described
    assert (client.post("/v1/events", json=body).status_code == 200) is taken


def test_no_reference_of_the_document_is_dangling(client):
    document = client.get("/openapi.json")
    names = {part.split('"')[0] for part in document.text.split("#/components/schemas/")[1:]}
    assert names <= set(document.json()["components"]["schemas"])


def test_every_problem_has_its_own_name():
    assert len({problem.slug for problem in Problem}) == len(list(Problem))
