"""Headers that every answer carries."""

import pytest
from security_company import bearer
from starlette.applications import Starlette
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route
from starlette.testclient import TestClient

from serve.http.security_headers import PAGE_POLICY, SecurityHeaders
from serve.security.callers import Scope

ALWAYS = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}


@pytest.mark.parametrize(
    "path", ["/healthz", "/v1/model", "/nowhere", "/openapi.json", "/", "/login", "/v1/accounts/a1"]
)
def test_every_answer_is_guarded(client, company, path):
    answer = client.get(path, headers=bearer(company.key(*Scope)))
    assert {name: answer.headers[name] for name in ALWAYS} == ALWAYS
    assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
    assert "unsafe" not in answer.headers["content-security-policy"]
    assert "strict-transport-security" not in answer.headers


def test_a_failure_is_guarded_too(client, company, published):
    published.model.fails = KeyError("王")
    body = {"accounts": [{"account_id": "a1"}]}
    answer = client.post("/v1/scores", json=body, headers=bearer(company.key(Scope.READ_SCORES)))
    assert (answer.status_code, answer.headers["x-content-type-options"]) == (500, "nosniff")


def test_what_is_personal_is_kept_by_no_cache(client, company):
    answer = client.get("/v1/contacts/c1", headers=bearer(company.key(*Scope)))
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")


def plain(_request: object) -> Response:
    return PlainTextResponse("x", headers={"cache-control": "max-age=60"})


ROUTES = [Route("/page", lambda _: HTMLResponse("<p>x</p>")), Route("/plain", plain)]


@pytest.fixture
def guarded():
    return TestClient(SecurityHeaders(Starlette(routes=ROUTES), tls=True, styles=["'sha256-abc'"]))


def test_pages_may_load_our_own_files_other_answers_nothing(guarded):
    page = guarded.get("/page").headers["content-security-policy"]
    assert page == PAGE_POLICY.replace("style-src 'self'", "style-src 'self' 'sha256-abc'")
    assert guarded.get("/plain").headers["content-security-policy"].startswith("default-src 'none'")


def test_behind_tls_browsers_are_told_to_stay_there(guarded):
    assert guarded.get("/page").headers["strict-transport-security"].startswith("max-age=31536000")


def test_what_a_route_says_of_caching_stands(guarded):
    assert guarded.get("/plain").headers.get_list("cache-control") == ["max-age=60"]
