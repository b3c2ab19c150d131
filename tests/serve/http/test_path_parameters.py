"""Ids of all signs in addresses."""

import json
from urllib.parse import quote

import pytest
from access_samples import RULES, SAMPLES
from sqlalchemy import insert, select

from serve.database.decisions import add_decisions
from serve.database.tables import AUDIT_LOG, REVIEWS

NOW = 1_710_892_800_000_000
IDS = ("S/1", "//", "a/history", "..", "S?1#2;3&4=5", "S 1%2F+", "王/店", "a\\b:c@d", "%", "\ufffd", "S%1F")
OF_IDS = sorted(name for name in RULES if "{" in name)


@pytest.fixture
def full(client):
    """A company whose account, contact, rep, decision, review share an id."""

    def fill(name):
        assert client.post("/v1/reps", json={"reps": [{"rep_id": name}]}).status_code == 200
        account = {"account_id": name, "owner_rep_id": name}
        assert client.post("/v1/accounts", json={"accounts": [account]}).status_code == 200
        contact = {"contact_id": name, "account_id": name}
        assert client.post("/v1/contacts", json={"contacts": [contact]}).status_code == 200
        decided = {"week": "2024-W12", "cutoff": NOW, "policy": "p", "playbook": "b", "assigned": "visit"}
        row = {**decided, "decision_id": name, "account_id": name, "eligible": "[]", "blocked": "{}"}
        with client.app.state.service.database.writing() as connection:
            add_decisions(connection, [row], NOW)
            review = {"review_id": name, "account_id": name, "asked_at": NOW, "asked_by": "test"}
            connection.execute(insert(REVIEWS), review)
        return client

    return fill


@pytest.mark.parametrize("name", IDS)
def test_every_route_finds_an_id_of_any_signs(full, name):
    """Whatever a route does with what is there, it says neither that nothing is there nor that it is no address."""
    client = full(name)
    for rule in sorted(OF_IDS, key=lambda rule: rule.startswith("DELETE")):
        method, path = rule.split(" ")
        address = path.partition("{")[0] + quote(name, safe="") + path.partition("}")[2]
        body = SAMPLES[rule].json
        sent = {"owner_rep_id": name} if rule.startswith("PUT /v1/accounts/{account_id}") and body else body
        sent = {"account_id": name} if rule.startswith("PUT /v1/contacts") else sent
        answer = client.request(method, raw(address), json=sent, params=SAMPLES[rule].query)
        assert answer.status_code in (200, 201), f"{method} {address}: {answer.text}"


def raw(address):
    """An address that the client does not tidy up: `..` stays."""
    return address.replace("/..", "/%2E%2E")


@pytest.mark.parametrize("rule", OF_IDS)
def test_an_id_with_a_slash_that_is_not_there_is_not_found_by_its_name(client, rule):
    method, path = rule.split(" ")
    address = path.partition("{")[0] + "no%2Fsuch" + path.partition("}")[2]
    answer = client.request(method, address, json=SAMPLES[rule].json, params=SAMPLES[rule].query)
    if not rule.startswith("PUT /v1/") or rule.endswith("objection"):
        assert (answer.status_code, "'no/such'" in answer.text) == (404, True), answer.text


def test_the_audit_log_names_the_id(full):
    full("S/1").put("/v1/accounts/S%2F1", json={"tier": "A"})
    service = full("b").app.state.service
    with service.database.reading() as connection:
        asked = select(AUDIT_LOG.c.subject).where(AUDIT_LOG.c.action == "PUT /v1/accounts/{account_id}")
        assert list(connection.execute(asked).scalars()) == ["S/1"]


def test_two_ways_to_write_an_id_are_two_requests_of_one_key(full):
    """The key stands for what was sent: `a%3Fb` is not `a%253Fb`."""
    full("a?b")
    client, key = full("a%3Fb"), {"idempotency-key": "k"}
    assert client.post("/v1/accounts/a%3Fb/reviews", json={}, headers=key).json()["account_id"] == "a?b"
    other = client.post("/v1/accounts/a%253Fb/reviews", json={}, headers=key)
    assert (other.status_code, other.json()["type"]) == (422, "urn:kqml:problem:key-reused")


@pytest.mark.parametrize("path", ["/v1/accounts/%ff", "/v1/accounts/%ED%A0%80/history", "/%c0%af"])
def test_an_address_that_is_no_text_is_refused(client, path):
    answer = client.put(path, json={})
    assert (answer.status_code, answer.json()["detail"]) == (400, "The URL is not valid UTF-8.")


@pytest.mark.parametrize("path", ["/v1/accounts/", "/v1/accounts/a/", "/v1/a%2Fb", "/v1/accounts/a%2F/b/c", "/%2F"])
def test_what_is_no_address_is_said_as_it_was_sent(client, path):
    answer = client.get(path)
    assert (answer.status_code, path in json.loads(answer.text)["detail"]) == (404, True)
