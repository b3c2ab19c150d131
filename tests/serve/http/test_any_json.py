"""Numbers in attributes and outcomes: what was taken must be readable by everybody afterwards."""

import pytest

BAD = ("NaN", "Infinity", "-Infinity", "1e999", "-1e999", "9" * 400)
GOOD = ("1e308", "9" * 300, "-0.0", "123456789012345678901234567890", "true", "null")
JSON = {"content-type": "application/json"}
PLACES = ('{{"x": {}}}', '{{"x": [1, {{"y": [{}]}}]}}')


def put(client, text):
    return client.put("/v1/accounts/a", content=f'{{"attributes": {text}}}', headers=JSON)


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("number", BAD)
def test_a_number_that_cannot_be_read_again_is_refused(client, place, number):
    answer = put(client, place.format(number))
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "#/attributes")
    assert client.get("/v1/accounts/a").status_code == 404


@pytest.mark.parametrize("number", BAD)
def test_so_it_is_in_events_contacts_outcomes(client, number):
    event = '{"event_id": "e", "account_id": "a", "occurred_at": "2024-01-01T00:00:00Z", "kind": "life_event"'
    noted = f'"attributes": {{"x": {number}}}'
    sent = {
        "/v1/events": f'{{"events": [{event}, "attributes": {{"x": {number}}}}}]}}',
        "/v1/contacts": f'{{"contacts": [{{"contact_id": "c", "account_id": "a", "attributes": {{"x": {number}}}}}]}}',
        "/v1/decisions/d/status": f'{{"state": "outcome", "outcome": {{"margin": {number}}}}}',
        "/v1/scores": f'{{"accounts": [{{"account_id": "a", "events": [{event}, {noted}}}]}}]}}',
    }
    for path, body in sent.items():
        answer = client.post(path, content=body, headers=JSON)
        assert (answer.status_code, "exceeds a double" in answer.text) == (422, True), (path, answer.text)


@pytest.mark.parametrize("number", GOOD)
def test_what_is_taken_can_be_read_by_whatever_reads_it(client, number):
    assert put(client, f'{{"x": {number}}}').status_code == 201
    assert client.get("/v1/accounts/a").json()["attributes"].keys() == {"x"}
    assert client.get("/v1/duties").status_code == 200
