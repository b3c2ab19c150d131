"""Pages of listed origins may call the API with a key; pages of others, and sessions, may not."""

from dataclasses import replace

import pytest
from pydantic import ValidationError
from security_company import bearer, logged_in
from starlette.testclient import TestClient

from kqml.security_settings import SecuritySettings
from serve.logs import build_logger
from serve.security.callers import Scope
from serve.security.roles import Role
from serve.server import create_app

OURS, OTHER = "https://crm.example.com", "https://evil.example.com"


@pytest.fixture
def page(client, company, logged):
    """The service with one listed origin."""
    service = client.app.state.service
    listed = replace(service, security=replace(service.security, cors_origins=(OURS,)))
    return TestClient(create_app(listed, build_logger(logged)), raise_server_exceptions=False)


def preflight(client, origin, method="PUT", headers="authorization,content-type,if-match"):
    asked = {
        "origin": origin,
        "access-control-request-method": method,
        "access-control-request-headers": headers,
    }
    return client.options("/v1/accounts/a1", headers=asked)


def test_the_preflight_of_a_listed_origin_is_allowed_without_credentials(page):
    answer = preflight(page, OURS)
    assert (answer.status_code, answer.headers["access-control-allow-origin"]) == (200, OURS)
    assert "PUT" in answer.headers["access-control-allow-methods"]
    assert "access-control-allow-credentials" not in answer.headers
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_the_preflight_of_a_listed_origin_allows_the_method_of_every_route(page):
    methods = {method.upper() for path in page.app.openapi()["paths"].values() for method in path}
    assert "PATCH" in methods
    assert {method: preflight(page, OURS, method).status_code for method in methods} == dict.fromkeys(methods, 200)


@pytest.mark.parametrize(
    ("origin", "method", "headers"),
    [(OTHER, "PUT", "authorization"), (OURS, "TRACE", "authorization"), (OURS, "PUT", "x-csrf-token")],
)
def test_other_origins_methods_and_headers_are_not_allowed(page, origin, method, headers):
    assert preflight(page, origin, method, headers).status_code == 400


def test_answers_and_problems_are_readable_by_the_listed_origin_only(page, company):
    key = bearer(company.key(Scope.READ_ACCOUNTS))
    answer = page.get("/v1/accounts", headers={**key, "origin": OURS})
    assert (answer.status_code, answer.headers["access-control-allow-origin"]) == (200, OURS)
    assert "etag" in answer.headers["access-control-expose-headers"]
    problem = page.get("/v1/accounts", headers={"origin": OURS})
    assert (problem.status_code, problem.headers["access-control-allow-origin"]) == (401, OURS)
    assert problem.headers["content-type"] == "application/problem+json"
    other = page.get("/v1/accounts", headers={**key, "origin": OTHER})
    assert "access-control-allow-origin" not in other.headers


def test_a_listed_origin_cannot_write_by_the_session_of_a_user(page, company):
    session = logged_in(company.session(company.user(Role.ADMIN)))
    answer = page.put("/v1/accounts/a1", headers={**session, "origin": OURS, "sec-fetch-site": "cross-site"}, json={})
    assert answer.status_code == 403


def test_without_a_list_nothing_is_sent(client, company):
    assert preflight(client, OURS).status_code == 405
    assert "access-control-allow-origin" not in client.get("/healthz", headers={"origin": OURS}).headers


@pytest.mark.parametrize(
    "origin", ["*", "https://*.example.com", "crm.example.com", "https://crm.example.com/", "null"]
)
def test_an_origin_is_a_scheme_with_a_host(origin):
    with pytest.raises(ValidationError, match="cors_origins"):
        SecuritySettings(cors_origins=(origin,))
