"""Who is let in with which key or cookie, for how long."""

import pytest
from security_company import LIMITS, NOW, SECOND, bearer, logged_in
from sqlalchemy import select
from waiting import wait_until

from serve.database.tables import SESSIONS
from serve.security.api_keys import find_key, revoke_key
from serve.security.callers import Scope
from serve.security.key_text import key_id_of, make_key
from serve.security.roles import Role
from serve.security.sessions import end_session
from serve.security.users import change_password, disable_user

MODEL = "/v1/model"


def status(client, headers, path=MODEL):
    return client.get(path, headers=headers).status_code


def test_without_credentials_the_answer_says_how_to_come(client, company):
    answer = client.get(MODEL)
    assert (answer.status_code, answer.json()["type"]) == (401, "urn:kqml:problem:unauthenticated")
    assert answer.headers["www-authenticate"] == 'Bearer realm="kqml"'


def test_a_key_is_let_in_for_its_scopes(client, company):
    reader = company.key(Scope.READ_MODEL)
    assert status(client, bearer(reader)) == 200
    answer = client.get("/metrics", headers=bearer(reader))
    assert (answer.status_code, answer.json()["detail"]) == (403, "This operation requires the scope metrics:read.")


@pytest.mark.parametrize(
    "header",
    [
        "",
        "Bearer",
        "Bearer ",
        "Basic a3FtbDprcW1s",
        "Bearer kqml_0123456789_" + "a" * 43,
        "Bearer ' OR '1'='1",
        "Bearer " + "x" * 10000,
        "kqml_0123456789_" + "a" * 43,
    ],
)
def test_what_is_no_live_key_is_nobody(client, company, header):
    company.key(Scope.READ_MODEL)
    assert status(client, {"authorization": header}) == 401


def test_the_prefix_with_another_secret_is_nobody(client, company):
    prefix = company.key(Scope.READ_MODEL)[:16]
    assert status(client, bearer(prefix + make_key().text[16:])) == 401


def test_a_revoked_key_ends_within_two_seconds(client, company):
    key = company.key(Scope.READ_MODEL)
    assert status(client, bearer(key)) == 200
    with company.database.writing() as connection:
        assert revoke_key(connection, key_id_of(key), NOW)
        assert not revoke_key(connection, key_id_of(key), NOW)
    company.clock.forward(2)
    assert status(client, bearer(key)) == 401


def test_an_expired_key_is_nobody(client, company):
    key = company.key(Scope.READ_MODEL, expires_at=NOW + 60 * SECOND)
    assert status(client, bearer(key)) == 200
    company.clock.forward(60)
    assert status(client, bearer(key)) == 401


def test_the_last_use_is_written_once_in_ten_minutes(client, company):
    key = company.key(Scope.READ_MODEL)

    def last_use():
        with company.database.reading() as connection:
            return find_key(connection, key_id_of(key)).last_used_at

    for forward, expected in ((0, NOW), (300, NOW), (301, NOW + 601 * SECOND)):
        company.clock.forward(forward)
        assert status(client, bearer(key)) == 200
        wait_until(lambda wanted=expected: last_use() == wanted, "the use")


def test_a_session_is_let_in_by_its_cookie(client, company):
    token = company.session(company.user(Role.ADMIN))
    assert status(client, logged_in(token)) == 200
    assert status(client, logged_in(token[:-1])) == 401
    assert status(client, {"cookie": "kqml_session="}) == 401


def wait_until_seen(company):
    """The use is written beside the request, not before its answer."""

    def is_seen():
        with company.database.reading() as connection:
            return company.clock.now in connection.execute(select(SESSIONS.c.last_seen_at)).scalars().all()

    wait_until(is_seen, "the use of the session")


def test_a_session_ends_when_idle_or_at_its_limit(client, company):
    used, idle = (company.session(company.user(Role.ADMIN, login=name)) for name in ("used", "idle"))
    for _ in range(LIMITS.absolute // LIMITS.idle * 2 - 1):
        company.clock.forward(LIMITS.idle / SECOND / 2)
        assert status(client, logged_in(used)) == 200
        wait_until_seen(company)
    assert status(client, logged_in(idle)) == 401
    company.clock.forward(LIMITS.idle / SECOND / 2)
    assert status(client, logged_in(used)) == 401


@pytest.mark.parametrize("how", ["disabled", "password", "logout"])
def test_a_session_ends_with_its_user(client, company, how):
    user = company.user(Role.ADMIN)
    token = company.session(user)
    assert status(client, logged_in(token)) == 200
    with company.database.writing() as connection:
        if how == "disabled":
            disable_user(connection, user, NOW)
        elif how == "password":
            change_password(connection, user, "another hash", NOW)
        else:
            end_session(connection, token)
    assert status(client, logged_in(token)) == 401


WRITE = {"accounts": [{"account_id": "x", "events": []}]}


def test_a_write_with_a_cookie_needs_the_token_of_its_own_session(client, company):
    mine, other = (logged_in(company.session(company.user(Role.ADMIN, login=name))) for name in ("mine", "other"))
    answers = {
        "own": mine,
        "none": {"cookie": mine["cookie"]},
        "empty": {**mine, "x-csrf-token": ""},
        "other": {**mine, "x-csrf-token": other["x-csrf-token"]},
        "cross-site": {**mine, "sec-fetch-site": "cross-site"},
        "same-site": {**mine, "sec-fetch-site": "same-site"},
        "own page": {**mine, "sec-fetch-site": "same-origin"},
    }
    found = {
        name: client.post("/v1/scores", json=WRITE, headers=headers).status_code for name, headers in answers.items()
    }
    refused = dict.fromkeys(("none", "empty", "other", "cross-site", "same-site"), 403)
    assert found == {"own": 200, **refused, "own page": 200}


def test_a_write_with_a_key_needs_no_token(client, company):
    answer = client.post("/v1/scores", json=WRITE, headers=bearer(company.key(Scope.READ_SCORES)))
    assert answer.status_code == 200


def test_a_key_goes_before_a_cookie(client, company):
    token = company.session(company.user(Role.ADMIN))
    assert status(client, {**logged_in(token), "authorization": "Bearer wrong"}) == 401
