"""Reads answer while another process holds SQLite's lock of writers, as an import or an export does for a while."""

import sqlite3
from contextlib import closing
from dataclasses import replace
from time import monotonic

import pytest
from access_samples import RULES, SAMPLES, ask
from security_company import fill

from serve.security.callers import EVERYTHING, Caller, Scope

READING_POSTS = {"POST /v1/scores", "POST /v1/next-actions"}
AUDITED = {
    "GET /v1/contacts/{contact_id}",
    "GET /v1/accounts/{account_id}/contacts",
    "GET /v1/accounts/{account_id}/explanation",
    "GET /v1/duties",
    "GET /v1/reps/{rep_id}/plan",
}
"""Reads of personal data by callers who may see them, which are recorded before they are answered."""

READS = sorted({name for name in RULES if name.startswith("GET ")} - AUDITED | READING_POSTS)
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


class Impersonal:
    """Lets everybody do everything but see personal data, as the key of a CRM may."""

    async def caller_of(self, request):
        return Caller("key:crm", EVERYTHING - {Scope.SEE_PERSONAL})


@pytest.mark.parametrize("name", sorted(AUDITED - {"GET /v1/accounts/{account_id}/explanation"}))
def test_a_caller_who_sees_nothing_personal_waits_for_no_writer_either(client, tmp_path, name):
    service = client.app.state.service
    fill(service.database, service.cipher)
    client.app.state.service = replace(service, access=Impersonal())
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
