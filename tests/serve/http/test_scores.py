"""`POST /v1/scores`: what reaches the model, what comes back."""

import numpy as np
import orjson
import pytest
from jsonschema_rs import Draft202012Validator

from kqml.calendar.business_time import instant_of
from serve.http.openapi import read_examples

ORDER = {"occurred_at": "2024-01-03T09:30:00+08:00", "kind": "order", "amount": 12.5}


def ask(client, *accounts, **rest):
    return client.post("/v1/scores", json={"accounts": list(accounts), **rest})


def history(name, *events, **rest):
    return {"account_id": name, "events": list(events), **rest}


def test_scores_come_in_the_order_asked(client):
    answer = ask(client, history("b", ORDER), history("c"), history("a", ORDER)).json()
    assert [score["account_id"] for score in answer["scores"]] == ["b", "c", "a"]
    assert [score["churn_probability"] for score in answer["scores"]] == [0.25, None, 0.25]
    assert answer["model"] == {"version": "3", "grade": "A"}


def test_the_cutoff_is_now_by_the_services_clock(client, published):
    assert ask(client, history("a", ORDER)).json()["as_of"] == "2024-03-20T08:00:00+08:00"


@pytest.mark.parametrize(
    ("given", "language", "reasons"),
    [
        ({}, "zh", 3),
        ({"reasons": 10.0}, "zh", 10),
        ({"language": "en", "reasons": 0}, "en", 0),
        ({"language": None, "as_of": None}, "zh", 3),
    ],
)
def test_language_and_reasons_reach_the_model(client, published, given, language, reasons):
    assert ask(client, history("a", ORDER), **given).status_code == 200
    assert published.model.asked[-1][2:] == (language, reasons)


def test_events_reach_the_model_sorted_with_their_values(client, published):
    late = {"occurred_at": "2024-02-01T00:00:00Z", "kind": "visit", "minutes": 30, "known_at": None}
    early = {"occurred_at": "2024-01-01T00:00:00.5Z", "known_at": "2024-01-05T00:00:00+08:00", "kind": "return"}
    ask(client, history("b", late, ORDER, early), history("a"), as_of="2024-03-01T00:00:00Z")
    histories, cutoff, _, _ = published.model.asked[-1]
    log = histories.log
    assert cutoff == 1_709_251_200_000_000
    assert log.accounts.tolist() == ["a", "b"]
    assert log.offsets.tolist() == [0, 0, 3]
    assert log.occurred_at.tolist() == [1_704_067_200_500_000, 1_704_245_400_000_000, 1_706_745_600_000_000]
    np.testing.assert_array_equal(log.values["amount"], [np.nan, 12.5, np.nan])
    np.testing.assert_array_equal(log.values["minutes"], [np.nan, np.nan, 30])


def test_what_nobody_dated_is_known_after_the_lag_of_its_kind(client, published):
    visit = {"occurred_at": "2024-02-01T00:00:00Z", "kind": "visit"}
    ask(client, history("a", visit, {**visit, "known_at": "2024-02-01T12:00:00Z"}, {**visit, "kind": "order"}))
    log = published.model.asked[-1][0].log
    assert ((log.known_at - log.occurred_at) / 86_400e6).tolist() == [2.0, 0.5, 0.0]


def test_what_does_not_count_is_counted(client, published):
    later = {"occurred_at": "2024-03-05T00:00:00Z", "kind": "order", "amount": 1}
    recorded_later = {"occurred_at": "2024-02-29T00:00:00Z", "kind": "visit"}
    accounts = history("b", {**ORDER, "amount": 0}, later, recorded_later), history("a", ORDER)
    ask(client, *accounts, as_of="2024-03-01T00:00:00Z")
    histories = published.model.asked[-1][0]
    assert len(histories.log) == 3
    assert histories.empty_orders.tolist() == [0, 1]
    assert histories.hidden.tolist() == [0, 2]


def test_an_event_sent_twice_counts_once(client, published):
    order = {**ORDER, "event_id": "e1"}
    assert ask(client, history("a", order, order, {**order, "event_id": "e2"})).status_code == 200
    assert len(published.model.asked[-1][0].log) == 2


@pytest.mark.parametrize(
    ("profile", "kinds", "at"),
    [
        ({"status": "active"}, ["order"], None),
        ({"status": "closed", "status_since": "2024-03-01"}, ["order", "account_closed"], "2024-03-01T00:00:00+08:00"),
        ({"status": "suspended"}, ["order", "account_suspended"], "2024-03-19T23:59:59.999999+00:00"),
    ],
)
def test_a_status_is_the_event_it_stands_for(client, published, profile, kinds, at):
    from datetime import datetime

    from kqml.events import KINDS

    ask(client, history("a", ORDER, account=profile))
    log = published.model.asked[-1][0].log
    assert [KINDS[number].code for number in log.kind] == kinds
    if at:
        assert log.known_at[-1] == instant_of(datetime.fromisoformat(at))


def test_profiles_stand_in_the_order_of_the_log(client, published):
    ask(client, history("b", account={"tier": "A", "region": None}), history("a", account=None))
    assert list(published.model.asked[-1][0].profiles) == [{}, {"tier": "A", "region": None}]


def test_a_large_body_is_answered_from_a_thread(run_app, published, monkeypatch):
    monkeypatch.setattr("serve.http.routes.scores.INLINE_BYTES", 10)
    assert ask(run_app().client, history("a", ORDER)).status_code == 200


@pytest.mark.parametrize("name", read_examples("scores"))
def test_each_example_of_the_documentation_works(client, name):
    document = client.get("/openapi.json").json()
    operation = document["paths"]["/v1/scores"]["post"]
    example = operation["requestBody"]["content"]["application/json"]["examples"][name]["value"]
    schema = operation["responses"]["200"]["content"]["application/json"]["schema"]
    assert document["openapi"].startswith("3.1")
    answer = client.post("/v1/scores", content=orjson.dumps(example), headers={"content-type": "application/json"})
    assert answer.status_code == 200
    Draft202012Validator({**schema, "components": document["components"]}).validate(answer.json())
    request = {"$ref": "#/components/schemas/ScoreRequest", "components": document["components"]}
    Draft202012Validator(request).validate(example)


def test_large_answers_are_compressed_for_those_who_take_it(client):
    many = [history(f"a{number}", ORDER) for number in range(100)]
    assert ask(client, *many).headers["content-encoding"] == "gzip"
    assert "content-encoding" not in ask(client, many[0]).headers
    plain = client.post("/v1/scores", json={"accounts": many}, headers={"accept-encoding": "identity"})
    assert "content-encoding" not in plain.headers


def test_a_score_says_what_it_rests_on(client):
    """Events at or after the cutoff do not count; nor do those that became known only then."""
    order = {"kind": "order", "amount": 1.0}
    events = [
        {**order, "occurred_at": "2024-03-01T10:00:00+08:00"},
        {**order, "occurred_at": "2024-03-02T10:00:00+08:00", "known_at": "2024-03-09T10:00:00+08:00"},
        {"kind": "call", "occurred_at": "2024-03-05T10:00:00+08:00"},
        {**order, "occurred_at": "2024-03-06T10:00:00+08:00", "known_at": "2024-03-20T00:00:00+08:00"},
        {**order, "occurred_at": "2024-03-20T10:00:00+08:00"},
    ]
    asked = [{"account_id": "b", "events": events}, {"account_id": "a", "events": []}]
    scores = client.post("/v1/scores", json={"as_of": "2024-03-20T00:00:00+08:00", "accounts": asked}).json()["scores"]
    assert [score["evidence"] for score in scores] == [
        {
            "events": 3,
            "orders": 2,
            "since": "2024-03-01T10:00:00+08:00",
            "known_until": "2024-03-09T10:00:00+08:00",
        },
        {"events": 0, "orders": 0, "since": None, "known_until": None},
    ]
