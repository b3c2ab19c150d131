"""Logging in and out: sessions that rotate, cookies that stay, pauses after failures."""

import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Event

import pytest
from argon2 import PasswordHasher
from security_company import COOKIE, bearer
from sqlalchemy import select

from serve.database.tables import AUDIT_LOG, LOGIN_ATTEMPTS, SESSIONS
from serve.security import login_attempts as logging_in
from serve.security import passwords
from serve.security.callers import Scope
from serve.security.passwords import hash_password
from serve.security.roles import Role
from serve.security.sessions import csrf_token
from serve.security.users import NewUser, add_user, disable_user, find_user

PASSWORD = "korrekt pferd 电池"


@pytest.fixture(autouse=True)
def _cheap_hashes(monkeypatch):
    cheap = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)
    monkeypatch.setattr(passwords, "_hasher", lambda: cheap)
    passwords._nobody.cache_clear()
    yield
    passwords._nobody.cache_clear()


@pytest.fixture
def wang(company):
    with company.database.writing() as connection:
        wish = NewUser("wang", Role.REP, "r1", None)
        return add_user(connection, wish, hash_password(PASSWORD), company.clock())


def shown(client, **query):
    page = client.get("/login", params=query)
    token = re.search(r'name="csrf_token" value="([^"]+)"', page.text)[1]
    return {"csrf_token": token, "next": re.search(r'name="next" value="([^"]*)"', page.text)[1]}


def enter(client, login="wang", password=PASSWORD, **more):
    form = {**shown(client), "login": login, "password": password, **more}
    return client.post("/login", data=form, follow_redirects=False)


def test_the_right_password_starts_a_session(client, wang):
    answer = enter(client, next="/v1/accounts")
    assert (answer.status_code, answer.headers["location"]) == (303, "/v1/accounts")
    cookie = next(line for line in answer.headers.get_list("set-cookie") if line.startswith(COOKIE))
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert "Path=/" in cookie
    assert "Max-Age=100000" in cookie
    assert client.get("/v1/accounts").status_code == 200


def test_a_login_without_a_goal_leads_to_a_page(client, wang):
    answer = enter(client)
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    assert client.get(answer.headers["location"]).status_code == 200


@pytest.mark.parametrize(("login", "password"), [("wang", "wrong"), ("zhang", PASSWORD), ("", ""), ("wang", "")])
def test_the_wrong_one_shows_the_form_again_without_saying_which_was_wrong(client, wang, login, password):
    answer = enter(client, login, password)
    assert (answer.status_code, "登录名或密码不正确" in answer.text) == (401, True)
    assert COOKIE not in client.cookies
    assert PASSWORD not in answer.text


def test_a_disabled_user_stays_outside(client, company, wang):
    with company.database.writing() as connection:
        disable_user(connection, wang, company.clock())
    assert enter(client).status_code == 401


def test_a_login_gives_a_new_token_and_ends_the_old_session(client, company, wang):
    enter(client)
    first = client.cookies[COOKIE]
    enter(client)
    second = client.cookies[COOKIE]
    assert first != second
    client.cookies.clear()
    assert client.get("/v1/accounts", headers={"cookie": f"{COOKIE}={first}"}).status_code == 401
    with company.database.reading() as connection:
        kept = connection.execute(select(SESSIONS)).mappings().all()
    assert len(kept) == 1
    assert second not in str(kept)


def test_a_token_that_somebody_planted_never_becomes_a_session(client, wang):
    client.cookies.set(COOKIE, "planted")
    enter(client)
    assert "planted" not in client.cookies.get(COOKIE, domain="testserver.local")


def test_logging_out_ends_the_session(client, wang):
    enter(client)
    token = client.cookies[COOKIE]
    assert client.post("/logout", data={"csrf_token": "wrong"}, follow_redirects=False).status_code == 403
    answer = client.post("/logout", data={"csrf_token": csrf_token(token)}, follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, "/login")
    assert client.get("/v1/accounts", headers={"cookie": f"{COOKIE}={token}"}).status_code == 401


@pytest.mark.parametrize("how", ["no cookie", "other token", "no token", "cross-site"])
def test_a_form_of_another_site_is_not_taken(client, company, wang, how):
    form = {**shown(client), "login": "wang", "password": PASSWORD}
    if how == "no cookie":
        client.cookies.clear()
    elif how == "other token":
        form["csrf_token"] = "x" * 43
    elif how == "no token":
        del form["csrf_token"]
    headers = {"sec-fetch-site": "cross-site"} if how == "cross-site" else {}
    assert client.post("/login", data=form, headers=headers, follow_redirects=False).status_code in (400, 403)
    with company.database.reading() as connection:
        assert connection.execute(select(SESSIONS)).all() == []


@pytest.mark.parametrize(
    ("asked", "gone"),
    [
        ("/v1/accounts?x=1", "/v1/accounts?x=1"),
        ("//evil.example.com", "/"),
        ("https://evil.example.com", "/"),
        ("/\\evil.example.com", "/"),
        ("javascript:alert(1)", "/"),
        ("/a\r\nset-cookie: x=1", "/"),
        ("", "/"),
    ],
)
def test_it_goes_on_within_the_service_only(client, wang, asked, gone):
    answer = enter(client, next=asked)
    assert answer.headers["location"] == gone
    assert "x" not in client.cookies


def test_the_form_repeats_nothing_as_markup(client):
    page = client.get("/login", params={"next": '/"><script>alert(1)</script>'})
    assert "<script>" not in page.text


def test_after_five_failures_a_pause_that_doubles(client, company, wang):
    assert [enter(client, password="wrong").status_code for _ in range(5)] == [401] * 5
    answer = enter(client)
    assert (answer.status_code, answer.headers["retry-after"], "1 分钟" in answer.text) == (429, "30", True)
    company.clock.forward(30)
    assert enter(client, password="wrong").status_code == 401
    company.clock.forward(59)
    assert enter(client).status_code == 429
    company.clock.forward(1)
    assert enter(client).status_code == 303
    assert enter(client, password="wrong").status_code == 401


def test_another_user_at_the_same_address_is_not_kept_out(client, company, wang):
    with company.database.writing() as connection:
        add_user(connection, NewUser("zhang", Role.REP, "r2", None), hash_password(PASSWORD), company.clock())
    for _ in range(6):
        enter(client, password="wrong")
    assert enter(client, "zhang").status_code == 303


def test_one_address_may_not_try_every_login(client, company, wang):
    statuses = [enter(client, f"user{number}").status_code for number in range(51)]
    assert statuses == [401] * 50 + [429]
    assert enter(client).status_code == 429


def test_right_logins_do_not_use_an_address_up(client, wang):
    assert {enter(client).status_code for _ in range(51)} == {303}


def test_a_day_later_failures_are_forgotten(client, company, wang):
    for _ in range(5):
        enter(client, password="wrong")
    company.clock.forward(25 * 3600)
    assert [enter(client, password="wrong").status_code for _ in range(2)] == [401, 401]


def test_many_at_once_are_no_way_around_the_pause(client, company, wang):
    form, cookies = shown(client), dict(client.cookies)

    def attempt(number: int) -> int:
        headers = {"cookie": f"kqml_login={cookies['kqml_login']}"}
        data = {**form, "login": "wang", "password": f"guess {number}"}
        return client.post("/login", data=data, headers=headers, follow_redirects=False).status_code

    client.cookies.clear()
    with ThreadPoolExecutor(8) as pool:
        statuses = sorted(pool.map(attempt, range(24)))
    assert statuses == [401] * 5 + [429] * 19


def test_a_flood_of_logins_holds_nobody_else_up(client, company, wang, monkeypatch):
    """Sixty wait for their password to be checked, more than there are threads; who has a key is answered meanwhile."""
    form, cookies = shown(client), dict(client.cookies)
    client.cookies.clear()
    key, release = bearer(company.key(Scope.READ_ACCOUNTS)), Event()

    def slow(password, password_hash):
        release.wait(20)
        return False

    monkeypatch.setattr(logging_in, "is_password", slow)

    def attempt(number: int) -> int:
        headers = {"cookie": f"kqml_login={cookies['kqml_login']}"}
        data = {**form, "login": f"somebody {number}", "password": "guess"}
        return client.post("/login", data=data, headers=headers, follow_redirects=False).status_code

    with ThreadPoolExecutor(61) as pool:
        waiting = [pool.submit(attempt, number) for number in range(60)]
        asked = pool.submit(client.get, "/v1/accounts", headers=key)
        try:
            assert asked.result(10).status_code == 200
            assert not any(one.done() for one in waiting)
        finally:
            release.set()
        assert {one.result() for one in waiting} <= {401, 429}


def test_counters_hold_neither_login_nor_address(client, company, wang):
    enter(client, password="wrong")
    with company.database.reading() as connection:
        kept = str(connection.execute(select(LOGIN_ATTEMPTS)).all())
    assert "wang" not in kept
    assert "testclient" not in kept


def test_the_audit_log_knows_who_came_and_never_what_was_typed(client, company, wang):
    enter(client, "my password in the wrong field", "wrong")
    enter(client, password="wrong")
    enter(client)
    with company.database.reading() as connection:
        entries = connection.execute(select(AUDIT_LOG.c.actor, AUDIT_LOG.c.action, AUDIT_LOG.c.subject)).all()
    assert [tuple(entry) for entry in entries] == [
        ("nobody", "login.failed", None),
        ("nobody", "login.failed", wang),
        (f"user:{wang}", "login", None),
    ]


def test_an_old_hash_is_made_anew_at_login(client, company, wang, monkeypatch):
    stronger = PasswordHasher(time_cost=2, memory_cost=64, parallelism=1)
    monkeypatch.setattr(passwords, "_hasher", lambda: stronger)
    enter(client)
    with company.database.reading() as connection:
        assert "t=2" in find_user(connection, "wang").password_hash
    assert enter(client).status_code == 303


@pytest.mark.parametrize(
    ("body", "status"), [(b"x" * 9000, 413), (b"login=%ff", 400), (b"&".join([b"a=1"] * 30), 400), (b"", 400)]
)
def test_a_form_that_is_none_is_refused(client, body, status):
    headers = {"content-type": "application/x-www-form-urlencoded"}
    assert client.post("/login", content=body, headers=headers).status_code == status


@pytest.mark.parametrize("login", ["\0", "wang\0", "王", "", "a" * 65, "wang\n"])
def test_what_can_be_no_login_is_nobody_s_on_any_database(database, login):
    with database.writing() as connection:
        add_user(connection, NewUser("wang", Role.REP, "r1", None), "hash", 1)
        assert find_user(connection, login) is None


def test_a_key_needs_no_login(client, company):
    assert client.get("/v1/model", headers=bearer(company.key(Scope.READ_MODEL))).status_code == 200


def test_behind_tls_no_other_host_can_set_the_form_s_cookie(client, company, wang):
    """Nor the session's: a browser takes a cookie of this prefix only by HTTPS, from this very host, for every path."""
    service = client.app.state.service
    client.app.state.service = replace(service, security=replace(service.security, tls=True))
    page = client.get("/login")
    (cookie,) = page.headers.get_list("set-cookie")
    assert cookie.startswith("__Host-kqml_login=")
    assert ("Secure" in cookie, "Path=/;" in cookie, "Domain" in cookie) == (True, True, False)
    token = re.search(r'name="csrf_token" value="([^"]+)"', page.text)[1]
    form = {"csrf_token": token, "login": "wang", "password": PASSWORD}
    plain = client.post("/login", data=form, headers={"cookie": f"kqml_login={token}"}, follow_redirects=False)
    right = client.post("/login", data=form, headers={"cookie": f"__Host-kqml_login={token}"}, follow_redirects=False)
    assert (plain.status_code, right.status_code) == (400, 303)
