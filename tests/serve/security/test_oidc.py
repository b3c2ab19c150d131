"""Logging in with an OpenID provider: who is let in, who is not, what each step is checked by."""

from dataclasses import replace

import pytest
from joserfc.jwk import ECKey
from oidc_provider import CALLBACK, CLIENT, SECRET, start_provider
from pydantic import ValidationError
from security_company import COOKIE
from sqlalchemy import select

from kqml.security_settings import OidcSettings
from serve.database.tables import AUDIT_LOG, USERS
from serve.security.oidc import OidcOptions
from serve.security.roles import Role
from serve.security.users import NewUser, add_user, disable_user

WANG = {"sub": "7", "email": "Wang@example.com", "email_verified": True}


@pytest.fixture
def provider():
    started, server = start_provider()
    yield started
    server.shutdown()
    server.server_close()


@pytest.fixture
def page(client, company, provider):
    """The service with the provider, and a user whose login is an e-mail address."""
    service = client.app.state.service
    options = OidcOptions(provider.url, CLIENT, SECRET, CALLBACK)
    client.app.state.service = replace(service, security=replace(service.security, oidc=options))
    with company.database.writing() as connection:
        add_user(connection, NewUser("wang@example.com", Role.REP, "r1", None), "no password", company.clock())
    return client


def enter(page, provider, state=None, **claims):
    """The answer to the callback after a login at the provider with these claims."""
    provider.claims = claims
    started = page.get("/login/oidc", params={"next": "/v1/accounts"}, follow_redirects=False)
    assert started.status_code == 303, started.text
    code, given = provider.code_for(started.headers["location"])
    query = {"code": code, "state": state or given}
    return page.get("/login/oidc/callback", params=query, follow_redirects=False)


def user(company):
    with company.database.reading() as connection:
        request = select(USERS).where(USERS.c.login == "wang@example.com")
        return connection.execute(request).mappings().one()


def test_a_user_logs_in_by_the_verified_address_and_has_the_role_of_the_user(page, provider, company):
    answer = enter(page, provider, **WANG)
    assert (answer.status_code, answer.headers["location"]) == (303, "/v1/accounts")
    accounts = page.get("/v1/accounts").json()["accounts"]
    assert [account["account_id"] for account in accounts] == ["a1"]
    assert user(company)["oidc_subject"] == f"{provider.url} 7"
    assert user(company)["role"] == "rep"
    with company.database.reading() as connection:
        events = connection.execute(select(AUDIT_LOG.c.action, AUDIT_LOG.c.actor)).tuples().all()
    assert ("login", f"user:{user(company)['user_id']}") in events


def test_after_the_first_login_only_the_subject_counts(page, provider):
    assert enter(page, provider, **WANG).status_code == 303
    assert enter(page, provider, sub="7").status_code == 303
    page.cookies.clear()
    assert enter(page, provider, **{**WANG, "sub": "8"}).status_code == 403
    assert COOKIE not in page.cookies


REFUSED = {
    "an address that is not verified": ({**WANG, "email_verified": False}, 403),
    "an address of nobody": ({**WANG, "email": "li@example.com"}, 403),
    "no address": ({"sub": "7"}, 403),
    "another audience": ({**WANG, "aud": "other"}, 401),
    "another client beside us": ({**WANG, "aud": [CLIENT, "other"], "azp": "other"}, 401),
    "another issuer": ({**WANG, "iss": "https://evil.example"}, 401),
    "another login": ({**WANG, "nonce": "old"}, 401),
    "a token that expired": ({**WANG, "exp": 1_000_000_000}, 401),
    "no subject": ({"email": "wang@example.com", "email_verified": True}, 401),
}


@pytest.mark.parametrize("case", REFUSED)
def test_who_is_not_let_in(page, provider, company, case):
    claims, status = REFUSED[case]
    answer = enter(page, provider, **claims)
    assert answer.status_code == status
    assert 'role="alert"' in answer.text
    assert COOKIE not in page.cookies
    assert user(company)["oidc_subject"] is None


def test_a_disabled_user_is_not_let_in(page, provider, company):
    with company.database.writing() as connection:
        disable_user(connection, user(company)["user_id"], company.clock())
    assert enter(page, provider, **WANG).status_code == 403


def test_a_token_signed_by_a_stranger_is_refused_and_a_rotated_key_is_taken(page, provider):
    known, stranger = provider.signs, ECKey.generate_key("P-256", {"kid": "one"})
    provider.publishes, provider.signs = [known], stranger
    assert enter(page, provider, **WANG).status_code == 401
    provider.signs = ECKey.generate_key("P-256", {"kid": "two"})
    provider.publishes = [known, provider.signs]
    assert enter(page, provider, **WANG).status_code == 303


def test_a_callback_that_this_browser_did_not_start_is_refused(page, provider):
    assert enter(page, provider, state="forged", **WANG).status_code == 400
    started = page.get("/login/oidc", follow_redirects=False)
    code, state = provider.code_for(started.headers["location"])
    page.cookies.clear()
    assert page.get("/login/oidc/callback", params={"code": code, "state": state}).status_code == 400
    assert provider.asked == []


def test_a_code_works_once(page, provider):
    assert enter(page, provider, **WANG).status_code == 303
    used = provider.asked[-1]["code"]
    started = page.get("/login/oidc", follow_redirects=False)
    _, state = provider.code_for(started.headers["location"])
    provider.codes.clear()
    assert page.get("/login/oidc/callback", params={"code": used, "state": state}).status_code == 401


def test_a_refusal_of_the_provider_is_shown_on_the_login_page(page, provider):
    started = page.get("/login/oidc", follow_redirects=False)
    _, state = provider.code_for(started.headers["location"])
    answer = page.get("/login/oidc/callback", params={"error": "access_denied", "state": state})
    assert (answer.status_code, "无法验证该企业账号" in answer.text) == (401, True)


def test_a_provider_that_is_down_leaves_the_passwords(page, provider):
    provider.down = True
    answer = page.get("/login/oidc", follow_redirects=False)
    assert answer.status_code == 503
    assert 'name="password"' in answer.text


@pytest.mark.parametrize("onward", ["https://evil.example/", "//evil.example", "/\\evil.example"])
def test_the_way_onward_stays_here(page, provider, onward):
    provider.claims = WANG
    started = page.get("/login/oidc", params={"next": onward}, follow_redirects=False)
    code, state = provider.code_for(started.headers["location"])
    answer = page.get("/login/oidc/callback", params={"code": code, "state": state}, follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, "/")


def test_the_login_page_links_to_a_configured_provider(page):
    assert 'href="/login/oidc?next=/"' in page.get("/login").text


def test_without_a_provider_there_is_no_such_login(client, company):
    assert "/login/oidc" not in client.get("/login").text
    assert client.get("/login/oidc").status_code == 404
    assert client.get("/login/oidc/callback").status_code == 404


GOOD = {
    "issuer": "https://login.example.com/tenant",
    "client_id": "kqml",
    "redirect_url": "https://kqml.example.com/login/oidc/callback",
}


@pytest.mark.parametrize(
    "bad",
    [
        {"issuer": "http://login.example.com"},
        {"redirect_url": "http://kqml.example.com/login/oidc/callback"},
        {"redirect_url": "https://kqml.example.com/login"},
        {"client_id": ""},
    ],
)
def test_settings_that_would_be_unsafe_are_refused(bad):
    assert OidcSettings(**GOOD).client_secret is None
    with pytest.raises(ValidationError, match=next(iter(bad))):
        OidcSettings(**{**GOOD, **bad})
