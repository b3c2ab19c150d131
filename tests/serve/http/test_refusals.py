"""Bodies that cannot be used: a problem each, never a failure of ours."""

import gzip

import orjson
import pytest

ORDER = b'{"occurred_at": "2024-01-03T09:30:00Z", "kind": "order"}'


def around(event: bytes) -> bytes:
    return b'{"accounts": [{"account_id": "a", "events": [' + event + b"]}]}"


def post(client, content, **headers):
    return client.post("/v1/scores", content=content, headers={"content-type": "application/json", **headers})


NOT_JSON = {
    "nothing": b"",
    "white space": b"  \n",
    "half": b'{"accounts": [',
    "two values": b"{} {}",
    "a comment": b"{} // hello",
    "single quotes": b"{'accounts': []}",
    "a trailing comma": b'{"accounts": [],}',
    "utf-16": '{"accounts": []}'.encode("utf-16"),
    "broken utf-8": b'{"accounts": [{"account_id": "\xff\xfe"}]}',
    "half a surrogate": b'{"accounts": [{"account_id": "\\ud800"}]}',
    "gb2312": '{"accounts": [{"account_id": "客情"}]}'.encode("gb2312"),
    "deep nesting": b"[" * 20_000,
    "deep objects": b'{"a":' * 5_000 + b"1" + b"}" * 5_000,
    "gzip": gzip.compress(b"{}"),
    "a control character in text": b'{"accounts": [{"account_id": "a\nb"}]}',
}


@pytest.mark.parametrize("name", NOT_JSON)
def test_what_is_not_json_is_400(client, name):
    answer = post(client, NOT_JSON[name])
    assert (answer.status_code, answer.json()["type"]) == (400, "urn:kqml:problem:invalid-json")
    assert answer.headers["content-type"] == "application/problem+json"


HUGE = b"1" + b"0" * 400
FAULTY_EVENTS = [
    (b'{"kind": "order"}', "occurred_at"),
    (b'{"occurred_at": "2024-01-03T09:30:00Z"}', "kind"),
    (b'{"occurred_at": "2024-01-03T09:30:00", "kind": "order"}', "occurred_at"),
    (b'{"occurred_at": "2024-01-03", "kind": "order"}', "occurred_at"),
    (b'{"occurred_at": 1704274200, "kind": "order"}', "occurred_at"),
    (b'{"occurred_at": "1704274200", "kind": "order"}', "occurred_at"),
    (b'{"occurred_at": "2024-02-30T09:30:00Z", "kind": "order"}', "occurred_at"),
    (b'{"occurred_at": "2023-02-29T09:30:00Z", "kind": "order"}', "occurred_at"),
    (b'{"occurred_at": "2024-01-03T24:00:00Z", "kind": "order"}', "occurred_at"),
    (b'{"occurred_at": "1969-12-31T23:59:59Z", "kind": "order"}', "occurred_at"),
    (b'{"occurred_at": "2100-01-01T00:00:00Z", "kind": "order"}', "occurred_at"),
    (b'{"occurred_at": "9999-12-31T23:59:59-14:00", "kind": "order"}', "occurred_at"),
    (b'{"occurred_at": null, "kind": "order"}', "occurred_at"),
    (b'{"occurred_at": "2024-01-03T09:30:00Z", "kind": "dance"}', "kind"),
    (b'{"occurred_at": "2024-01-03T09:30:00Z", "kind": null}', "kind"),
    (b'{"occurred_at": "2024-01-03T09:30:00Z", "kind": ["order"]}', "kind"),
    (ORDER[:-1] + b', "amount": -1}', "amount"),
    (ORDER[:-1] + b', "amount": NaN}', "amount"),
    (ORDER[:-1] + b', "amount": Infinity}', "amount"),
    (ORDER[:-1] + b', "amount": -Infinity}', "amount"),
    (ORDER[:-1] + b', "amount": 1e999}', "amount"),
    (ORDER[:-1] + b', "amount": ' + HUGE + b"}", "amount"),
    (ORDER[:-1] + b', "amount": "12.5"}', "amount"),
    (ORDER[:-1] + b', "amount": true}', "amount"),
    (ORDER[:-1] + b', "amount": [1]}', "amount"),
    (ORDER[:-1] + b', "sentiment": 1.01}', "sentiment"),
    (ORDER[:-1] + b', "authenticity": -0.1}', "authenticity"),
    (ORDER[:-1] + b', "event_id": ""}', "event_id"),
    (ORDER[:-1] + b', "event_id": 7}', "event_id"),
    (ORDER[:-1] + b', "event_id": "a\\u0000b"}', "event_id"),
    (ORDER[:-1] + b', "event_id": "' + b"x" * 129 + b'"}', "event_id"),
    (ORDER[:-1] + b', "account_id": "b"}', "account_id"),
    (ORDER[:-1] + b', "due_at": "2024-02-31T00:00:00Z"}', "due_at"),
    (ORDER[:-1] + b', "known_at": "2024-02-31T00:00:00Z"}', "known_at"),
    (ORDER[:-1] + b', "attributes": "x"}', "attributes"),
    (ORDER[:-1] + b', "colour/~\xe7\xba\xa2": 1}', "colour~1~0%E7%BA%A2"),
]


@pytest.mark.parametrize(("event", "column"), FAULTY_EVENTS, ids=range(len(FAULTY_EVENTS)))
def test_a_faulty_event_is_pointed_at(client, event, column):
    answer = post(client, around(ORDER + b"," + event))
    assert answer.status_code == 422
    assert [error["pointer"] for error in answer.json()["errors"]] == [f"#/accounts/0/events/1/{column}"]


FAULTY_BODIES = [
    (b"[]", "#"),
    (b"null", "#"),
    (b'"text"', "#"),
    (b"{}", "#/accounts"),
    (b'{"accounts": []}', "#/accounts"),
    (b'{"accounts": {}}', "#/accounts"),
    (b'{"accounts": [1]}', "#/accounts/0"),
    (b'{"accounts": [{"events": []}]}', "#/accounts/0/account_id"),
    (b'{"accounts": [{"account_id": "a"}]}', "#/accounts/0/account_id"),
    (b'{"accounts": [{"account_id": "a", "events": null}]}', "#/accounts/0/account_id"),
    (b'{"accounts": [{"account_id": "a", "account": {"tier": "A"}}]}', "#/accounts/0/events"),
    (b'{"accounts": [{"account_id": "a"}, {"account_id": "a", "events": []}]}', "#/accounts/1/account_id"),
    (
        b'{"accounts": [{"account_id": "a", "events": []}, {"account_id": "a", "events": []}]}',
        "#/accounts/1/account_id",
    ),
    (b'{"accounts": [{"account_id": "a", "events": [], "account": {"tier": "D"}}]}', "#/accounts/0/account/tier"),
    (
        b'{"accounts": [{"account_id": "a", "events": [], "account": {"opened_on": "2024-02-30"}}]}',
        "#/accounts/0/account/opened_on",
    ),
    (b'{"accounts": [{"account_id": "a", "events": []}], "reasons": 11}', "#/reasons"),
    (b'{"accounts": [{"account_id": "a", "events": []}], "reasons": 2.5}', "#/reasons"),
    (b'{"accounts": [{"account_id": "a", "events": []}], "reasons": true}', "#/reasons"),
    (b'{"accounts": [{"account_id": "a", "events": []}], "reasons": "3"}', "#/reasons"),
    (b'{"accounts": [{"account_id": "a", "events": []}], "reasons": ' + HUGE + b"}", "#/reasons"),
    (b'{"accounts": [{"account_id": "a", "events": []}], "language": "fr"}', "#/language"),
    (b'{"accounts": [{"account_id": "a", "events": []}], "as_of": "2024-02-30T00:00:00Z"}', "#/as_of"),
    (b'{"accounts": [{"account_id": "a", "events": []}], "as_of": "yesterday"}', "#/as_of"),
]


@pytest.mark.parametrize(("body", "pointer"), FAULTY_BODIES, ids=range(len(FAULTY_BODIES)))
def test_a_faulty_item_is_pointed_at(client, body, pointer):
    answer = post(client, body)
    assert answer.status_code == 422
    assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]


def test_all_faulty_items_stand_in_one_answer_with_their_values(client):
    body = {
        "accounts": [
            {"account_id": "a", "events": [{"occurred_at": "soon", "kind": "order", "amount": -3.0}]},
            {"account_id": "b\n", "events": [], "account": {"tier": "Z", "opened_on": "1.5.2021"}},
        ]
    }
    problem = post(client, orjson.dumps(body)).json()
    invisible = "should not contain control or invisible characters, nor begin or end with white space"
    instant = "should be a time with UTC offset, 1990 to 2099, such as 2024-03-20T09:30:00+08:00 (got 'soon')"
    assert {error["pointer"]: error["detail"] for error in problem["errors"]} == {
        "#/accounts/0/events/0/occurred_at": instant,
        "#/accounts/0/events/0/amount": "Input should be greater than or equal to 0 (got -3.0)",
        "#/accounts/1/account_id": f"{invisible} (got 'b\\n')",
        "#/accounts/1/account/tier": "Input should be 'A', 'B' or 'C' (got 'Z')",
        "#/accounts/1/account/opened_on": "should be a date, 1900 to 2099, such as 2024-03-20 (got '1.5.2021')",
    }
    assert (problem["status"], problem["errors_total"]) == (422, 5)


def test_faults_between_items_stand_in_one_answer(client):
    event = {"event_id": "e", "occurred_at": "2024-01-03T09:30:00Z", "kind": "order"}
    body = {
        "accounts": [
            {"account_id": "a", "events": [event, {**event, "kind": "visit"}, {**event, "account_id": "b"}]},
            {"account_id": "a", "events": [{**event, "due_at": "2024-06-31T00:00:00Z"}]},
        ]
    }
    problem = post(client, orjson.dumps(body)).json()
    assert [error["pointer"] for error in problem["errors"]] == [
        "#/accounts/0/events/1/event_id",
        "#/accounts/0/events/2/account_id",
        "#/accounts/0/events/2/event_id",
        "#/accounts/1/account_id",
        "#/accounts/1/events/0/due_at",
    ]


def test_a_body_over_the_limit_is_413_with_or_without_a_length(client):
    body = around(ORDER) + b" " * 70_000
    assert post(client, body).json()["type"] == "urn:kqml:problem:too-large"
    assert post(client, iter([body])).status_code == 413
    assert "65,536 bytes" in post(client, body).json()["detail"]


def test_more_accounts_than_allowed_are_refused(client, monkeypatch):
    monkeypatch.setattr("serve.usecases.history_faults.EVENTS_PER_REQUEST", 3)
    assert post(client, around(b",".join([ORDER] * 3))).status_code == 200
    problem = post(client, around(b",".join([ORDER] * 4))).json()
    assert [error["pointer"] for error in problem["errors"]] == ["#/accounts"]
    accounts = b",".join(b'{"account_id": "%d", "events": []}' % number for number in range(1001))
    assert post(client, b'{"accounts": [' + accounts + b"]}").status_code == 422


@pytest.mark.parametrize(
    "headers",
    [
        {"content-type": "text/plain"},
        {"content-type": "application/json; charset=gbk"},
        {"content-type": "application/x-www-form-urlencoded"},
        {"content-type": ""},
        {"content-encoding": "gzip"},
    ],
)
def test_other_encodings_are_415(client, headers):
    assert post(client, around(ORDER), **headers).json()["type"] == "urn:kqml:problem:unsupported-media-type"


def test_utf_8_may_be_said(client):
    assert post(client, around(ORDER), **{"content-type": 'application/json; charset="UTF-8"'}).status_code == 200


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/nothing", 404), ("GET", "/v1/events", 405), ("POST", "/healthz", 405), ("GET", "/docs", 404)],
)
def test_other_addresses_are_problems_too(client, method, path, status):
    answer = client.request(method, path)
    assert (answer.status_code, answer.json()["status"]) == (status, status)
    assert answer.headers["content-type"] == "application/problem+json"
