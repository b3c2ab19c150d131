"""Texts that mean something to a database, a header, a browser mean nothing here."""

from urllib.parse import quote

import pytest
from security_company import bearer
from sqlalchemy import func, select

from serve.access import Scope
from serve.store.tables import METADATA

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


def counts(store):
    with store.reading() as connection:
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


@pytest.mark.parametrize("text", SQL)
def test_sql_in_an_address_is_an_id_that_is_not_there(client, company, everything, text):
    before = counts(company.store)
    asked = client.post("/v1/scores", json={"accounts": [{"account_id": text}]}, headers=everything)
    assert (asked.status_code, "there is no account" in asked.text) == (422, True)
    for path in PATHS:
        answer = client.get(path.format(quote(text, safe="")), headers=everything)
        assert answer.status_code in (404, 422), (path, answer.text)
        assert set(answer.json()) <= {"type", "title", "status", "detail", "request_id", "errors", "errors_total"}
    assert counts(company.store) == before


@pytest.mark.parametrize("text", SQL)
def test_sql_in_a_query_finds_nothing(client, company, everything, text):
    for name in ("rep", "region", "segment"):
        answer = client.get("/v1/accounts", params={name: text}, headers=everything)
        assert (answer.status_code, answer.json()["accounts"]) == (200, [])
    for name in ("cursor", "sort", "limit", "tier", "status", "band"):
        assert client.get("/v1/accounts", params={name: text}, headers=everything).status_code == 422


@pytest.mark.parametrize("text", SQL)
def test_sql_in_a_body_is_kept_as_what_it_is(client, company, everything, text):
    before = counts(company.store)
    answer = client.put("/v1/accounts/x1", json={"name": text, "region": text}, headers=everything)
    assert (answer.status_code, answer.json()["name"]) == (201, text)
    event = {
        "event_id": text,
        "account_id": "x1",
        "occurred_at": "2024-01-01T00:00:00Z",
        "kind": "visit",
        "rep_id": text,
    }
    assert client.post("/v1/events", json={"events": [event]}, headers=everything).json()["added"] == 1
    (found,) = client.get("/v1/accounts", params={"region": text}, headers=everything).json()["accounts"]
    assert found["account_id"] == "x1"
    after = counts(company.store)
    assert {name for name in after if after[name] != before[name]} <= {"accounts", "events", "kinds_recorded"}


@pytest.mark.parametrize("text", SQL)
def test_sql_as_a_key_or_a_session_is_nobody(client, company, text):
    assert client.get("/v1/model", headers={"authorization": f"Bearer {text}"}).status_code == 401
    assert client.get("/v1/model", headers={"cookie": f"kqml_session={quote(text)}"}).status_code == 401


@pytest.mark.parametrize("text", HEADERS)
def test_no_text_becomes_a_header(client, company, everything, text):
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


@pytest.mark.parametrize("name", ["if-match", "if-none-match", "idempotency-key", "x-request-id", "accept-language"])
@pytest.mark.parametrize("text", ["'; DROP TABLE accounts; --", '"' * 300, "\x7f", "*, " * 200, "é"])
def test_headers_are_only_compared(client, company, everything, name, text):
    sent = {**everything, name: text.encode("latin-1")}
    before = counts(company.store)
    answer = client.post("/v1/accounts", json={"accounts": [{"account_id": "a1"}]}, headers=sent)
    assert answer.status_code in (200, 422)
    assert client.get("/v1/accounts/a1", headers=sent).status_code in (200, 304, 422)
    after = counts(company.store)
    assert {key for key in after if after[key] != before[key]} <= {"idempotency_keys", "events", "kinds_recorded"}


def test_a_faulty_value_is_repeated_as_json_only(client, company, everything):
    answer = client.post("/v1/events", json={"events": [{"kind": "<script>alert(1)</script>"}]}, headers=everything)
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["x-content-type-options"] == "nosniff"
