"""Texts that mean something to a database, a header, a browser mean nothing here."""

from itertools import product
from urllib.parse import quote

import pytest
from security_company import bearer
from sqlalchemy import func, select

from serve.database.tables import METADATA
from serve.security.callers import Scope

SQL = [
    "' OR '1'='1",
    "a1'; DROP TABLE accounts; --",
    'a1" OR 1=1 --',
    "a1' UNION SELECT secret_hash FROM api_keys --",
    "a1%' OR account_id LIKE '%",
    "%",
    "_1",
    "a1\\",
    "$1; SELECT pg_sleep(5)",
    "a1/*",
    ":account_id",
    "%(account_id)s",
]
HEADERS = ["a1\r\nset-cookie: evil=1", "a1\nx-evil: 1", "a1\x00", "a1\r", "a1\u2028x-evil: 1", "中文"]


@pytest.fixture
def everything(company):
    return bearer(company.key(*Scope))


def counts(database):
    with database.reading() as connection:
        return {
            table.name: connection.execute(select(func.count()).select_from(table)).scalar()
            for table in METADATA.sorted_tables
            if table.name != "audit_log"
        }


PATHS = [
    "/v1/accounts/{}",
    "/v1/accounts/{}/history",
    "/v1/accounts/{}/contacts",
    "/v1/accounts/{}/explanation",
    "/v1/contacts/{}",
    "/v1/reps/{}",
    "/v1/decisions/{}",
]


def test_sql_in_an_address_is_an_id_that_is_not_there(client, company, everything):
    before = counts(company.database)
    for text in SQL:
        _ask_for(client, everything, text)
    assert counts(company.database) == before


def _ask_for(client, everything, text):
    asked = client.post("/v1/scores", json={"accounts": [{"account_id": text}]}, headers=everything)
    assert (asked.status_code, "there is no account" in asked.text) == (422, True)
    for path in PATHS:
        answer = client.get(path.format(quote(text, safe="")), headers=everything)
        assert answer.status_code in (404, 422), (path, answer.text)
        assert set(answer.json()) <= {"type", "title", "status", "detail", "request_id", "errors", "errors_total"}


def test_sql_in_a_query_finds_nothing(client, company, everything):
    for name, text in product(("rep", "region", "segment"), SQL):
        answer = client.get("/v1/accounts", params={name: text}, headers=everything)
        assert (answer.status_code, answer.json()["accounts"]) == (200, [])
    for name, text in product(("cursor", "sort", "limit", "tier", "status", "band"), SQL):
        assert client.get("/v1/accounts", params={name: text}, headers=everything).status_code == 422


def test_sql_in_a_body_is_kept_as_what_it_is(client, company, everything):
    before = counts(company.database)
    for number, text in enumerate(SQL):
        _put_in(client, everything, f"x{number}", text)
    after = counts(company.database)
    assert {name for name in after if after[name] != before[name]} <= {"accounts", "events", "kinds_recorded"}


def _put_in(client, everything, account, text):
    answer = client.put(f"/v1/accounts/{account}", json={"name": text, "region": text}, headers=everything)
    assert (answer.status_code, answer.json()["name"]) == (201, text)
    event = {"event_id": text, "account_id": account, "occurred_at": "2024-01-01T00:00:00Z", "kind": "visit"}
    sent = {"events": [{**event, "rep_id": text}]}
    assert client.post("/v1/events", json=sent, headers=everything).json()["added"] == 1
    (found,) = client.get("/v1/accounts", params={"region": text}, headers=everything).json()["accounts"]
    assert found["account_id"] == account


def test_sql_as_a_key_or_a_session_is_nobody(client, company):
    for text in SQL:
        assert client.get("/v1/model", headers={"authorization": f"Bearer {text}"}).status_code == 401
        assert client.get("/v1/model", headers={"cookie": f"kqml_session={quote(text)}"}).status_code == 401


def test_no_text_becomes_a_header(client, company, everything):
    for text in HEADERS:
        answers = [
            *(client.get(path.format(quote(text, safe="")), headers=everything) for path in PATHS),
            client.get("/login", params={"next": text}),
            client.put(f"/v1/accounts/{quote(text, safe='')}", json={}, headers=everything),
        ]
        for answer in answers:
            assert answer.status_code < 500
            assert not {"x-evil", "evil"} & set(answer.headers)
            assert "evil" not in answer.headers.get("set-cookie", "")
            assert all(value.isprintable() for value in answer.headers.values())


NAMES = ("if-match", "if-none-match", "idempotency-key", "x-request-id", "accept-language")
ODD = ("'; DROP TABLE accounts; --", '"' * 300, "\x7f", "*, " * 200, "é")


def test_headers_are_only_compared(client, company, everything):
    before = counts(company.database)
    for name, text in product(NAMES, ODD):
        sent = {**everything, name: text.encode("latin-1")}
        answer = client.post("/v1/accounts", json={"accounts": [{"account_id": "a1"}]}, headers=sent)
        assert answer.status_code in (200, 422), (name, text)
        assert client.get("/v1/accounts/a1", headers=sent).status_code in (200, 304, 422), (name, text)
    after = counts(company.database)
    assert {key for key in after if after[key] != before[key]} <= {
        "idempotency_keys",
        "events",
        "kinds_recorded",
        "week_updates",
    }


def test_a_faulty_value_is_repeated_as_json_only(client, company, everything):
    answer = client.post("/v1/events", json={"events": [{"kind": "<script>alert(1)</script>"}]}, headers=everything)
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["x-content-type-options"] == "nosniff"
