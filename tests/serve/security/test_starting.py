"""Who is let in before there is a key or a user."""

import pytest
from security_company import COOKIE, LIMITS, NOW, bearer
from starlette.testclient import TestClient

from kqml.errors import Refused
from serve.http.open_access import create_access
from serve.security.api_keys import revoke_key
from serve.security.callers import Scope
from serve.security.key_text import key_id_of
from serve.security.roles import Role
from serve.security.startup_checks import SecurityOptions, check_start, is_loopback

CLOSED, OPEN, TLS = (SecurityOptions(*flags, LIMITS) for flags in ((False, False), (True, False), (False, True)))


@pytest.fixture
def access(app_database, clock):
    return create_access(app_database, OPEN, clock)


def test_a_service_that_nobody_may_ask_does_not_start(app_database):
    with pytest.raises(Refused, match=r"The service has no API keys and no users.*\n.*kqml users create"):
        check_start(app_database, CLOSED, "127.0.0.1")


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "10.0.0.5", "kqml.example.com", ""])
def test_an_open_service_never_listens_to_the_network(app_database, host):
    with pytest.raises(Refused, match="open to the network"):
        check_start(app_database, OPEN, host)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1", "127.9.9.9"])
def test_it_starts_open_on_this_machine(app_database, host):
    assert check_start(app_database, OPEN, host)


@pytest.mark.parametrize("somebody", ["key", "revoked key", "user"])
def test_once_somebody_was_ever_known_it_starts_closed(company, somebody):
    if somebody == "user":
        company.user(Role.ADMIN)
    else:
        key = company.key(Scope.READ_MODEL)
    if somebody == "revoked key":
        with company.database.writing() as connection:
            revoke_key(connection, key_id_of(key), NOW)
    assert not check_start(company.database, OPEN, "0.0.0.0")


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"host": "localhost:8000"}, 200),
        ({"host": "127.0.0.1"}, 200),
        ({"host": "[::1]:8000"}, 200),
        ({"host": "[::1]"}, 200),
        ({"host": "evil.example.com"}, 403),
        ({"host": "localhost.example.com:8000"}, 403),
        ({"host": ""}, 403),
        ({"host": "localhost", "x-forwarded-for": "203.0.113.7"}, 403),
        ({"host": "localhost", "forwarded": "for=203.0.113.7"}, 403),
        ({"host": "localhost", "sec-fetch-site": "cross-site"}, 403),
        ({"host": "localhost", "sec-fetch-site": "same-origin"}, 200),
    ],
)
def test_open_means_this_machine_under_its_own_name(client, headers, status):
    assert client.get("/v1/model", headers=headers).status_code == status


def test_the_first_key_closes_it_within_two_seconds(client, company):
    local = {"host": "localhost"}
    assert client.get("/v1/model", headers=local).status_code == 200
    key = company.key(Scope.READ_MODEL)
    company.clock.forward(2)
    assert client.get("/v1/model", headers=local).status_code == 401
    assert client.get("/v1/model", headers={**local, **bearer(key)}).status_code == 200


def test_behind_tls_the_cookie_is_bound_to_the_host():
    assert (CLOSED.cookie, TLS.cookie) == (COOKIE, "__Host-kqml_session")


def test_names_of_this_machine_are_known():
    assert [is_loopback(host) for host in ("LOCALHOST", "[::1]", "127.0.0.2", "128.0.0.1", "local")] == [1, 1, 1, 0, 0]


def test_test_clients_are_not_this_machine(client: TestClient):
    assert client.get("/v1/model").status_code == 403
