"""HEAD, and what `Allow` says."""

import pytest


@pytest.mark.parametrize("path", ["/healthz", "/v1/accounts", "/v1/accounts/nobody", "/", "/login", "/openapi.json"])
def test_head_is_get_without_the_body(client, path):
    client.put("/v1/accounts/a", json={})
    whole, head = client.get(path), client.head(path)
    assert (head.status_code, head.content) == (whole.status_code, b"")
    same = ("content-type", "content-length")
    if path != "/v1/accounts/nobody":
        assert [head.headers[name] for name in same] == [whole.headers[name] for name in same]


def test_head_of_what_only_takes_posts_is_no_post(client):
    answer = client.head("/v1/events")
    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("/v1/accounts", "GET, HEAD, POST"),
        ("/v1/contacts/a%2Fb", "DELETE, GET, HEAD, PATCH, PUT"),
        ("/v1/accounts/a/objection", "DELETE, PUT"),
        ("/v1/duties/status", "POST"),
        ("/openapi.json", "GET, HEAD"),
    ],
)
def test_allow_names_every_method_of_an_address(client, path, allowed):
    answer = client.request("BREW", path)
    assert (answer.status_code, answer.headers["allow"]) == (405, allowed)
    assert answer.json()["type"] == "urn:kqml:problem:method-not-allowed"
