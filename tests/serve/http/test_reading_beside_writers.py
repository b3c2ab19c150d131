"""Reads answer while another process holds SQLite's lock of writers, as an import or an export does for a while."""

import sqlite3
from contextlib import closing
from time import monotonic

import pytest
from access_samples import RULES, SAMPLES, ask
from security_company import fill

WRITES = {
    "POST /v1/events",
    "POST /v1/accounts",
    "PUT /v1/accounts/{account_id}",
    "POST /v1/contacts",
    "PUT /v1/contacts/{contact_id}",
    "POST /v1/reps",
    "PUT /v1/reps/{rep_id}",
    "POST /v1/duties/status",
    "POST /v1/decisions/{decision_id}/status",
    "PUT /v1/accounts/{account_id}/objection",
    "DELETE /v1/accounts/{account_id}/objection",
    "POST /v1/accounts/{account_id}/reviews",
    "POST /v1/reviews/{review_id}/answer",
    "DELETE /v1/contacts/{contact_id}",
    "POST /login",
    "POST /logout",
    "POST /v1/recommendations",
}
AUDITED = {
    "GET /v1/contacts/{contact_id}",
    "GET /v1/accounts/{account_id}/contacts",
    "GET /v1/accounts/{account_id}/explanation",
    "GET /v1/duties",
}
"""Reads of personal data, which are recorded before they are answered."""

READS = sorted(set(RULES) - WRITES - AUDITED)
SOON = 5.0
"""Seconds; who waits for the writer waits three times as long."""


@pytest.mark.parametrize("name", READS)
def test_a_read_waits_for_no_writer(client, tmp_path, name):
    service = client.app.state.service
    fill(service.database, service.cipher)
    with closing(sqlite3.connect(tmp_path / "app.db", isolation_level=None)) as writer:
        writer.execute("BEGIN IMMEDIATE")
        start = monotonic()
        answer = ask(client, name, SAMPLES[name], {})
        took = monotonic() - start
        writer.execute("ROLLBACK")
    assert (answer.status_code < 500, took < SOON) == (True, True), (answer.text, took)


def test_a_decided_week_is_read_beside_a_writer_also_with_an_idempotency_key(client, tmp_path):
    service = client.app.state.service
    fill(service.database, service.cipher)
    question = {"rep_id": "r1", "week": "2024-W12"}
    decided = client.post("/v1/recommendations", json=question, headers={"idempotency-key": "first"})
    with closing(sqlite3.connect(tmp_path / "app.db", isolation_level=None)) as writer:
        writer.execute("BEGIN IMMEDIATE")
        start = monotonic()
        answers = [
            client.post("/v1/recommendations", json=question, headers=headers)
            for headers in ({}, {"idempotency-key": "first"}, {"idempotency-key": "second"})
        ]
        other = client.post(
            "/v1/recommendations", json={**question, "language": "en"}, headers={"idempotency-key": "first"}
        )
        took = monotonic() - start
        writer.execute("ROLLBACK")
    assert took < SOON
    assert [answer.json()["decisions"] for answer in answers] == [decided.json()["decisions"]] * 3
    assert (other.status_code, other.json()["type"]) == (422, "urn:kqml:problem:key-reused")
