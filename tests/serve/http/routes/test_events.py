"""`POST /v1/events`: each event once, all of a batch or none, known from when it came."""

import pytest
from sqlalchemy import select

from serve.database.tables import ACCOUNTS, EVENTS, KINDS_RECORDED

NOW = 1_710_892_800_000_000
ORDER = {"account_id": "a", "occurred_at": "2024-03-01T09:30:00+08:00", "kind": "order", "amount": 12.5}


def send(client, *events, **headers):
    return client.post("/v1/events", json={"events": list(events)}, headers=headers)


def rows(database, table=EVENTS):
    with database.reading() as connection:
        return [row._asdict() for row in connection.execute(select(table).order_by(*table.primary_key))]


def test_an_event_is_kept_with_all_it_says(client, database):
    event = {
        **ORDER,
        "event_id": "e1",
        "quantity": 3,
        "lines": 2.0,
        "minutes": 5,
        "sentiment": -0.25,
        "rep_id": "R-王",
        "contact_id": "c",
        "channel": "wechat",
        "due_at": "2024-04-01T00:00:00Z",
        "ref": "e0",
        "authenticity": 0.9,
        "attributes": {"topic": "价格", "n": 1},
    }
    answer = send(client, event)
    assert answer.status_code == 200
    assert answer.json() == {"added": 1, "known": 0, "received_at": "2024-03-20T08:00:00+08:00"}
    (row,) = rows(database)
    assert row == {
        **{name: event[name] for name in event if name not in ("occurred_at", "due_at", "attributes")},
        "occurred_at": 1_709_256_600_000_000,
        "known_at": NOW,
        "received_at": NOW,
        "due_at": 1_711_929_600_000_000,
        "attributes": '{"n":1,"topic":"价格"}',
    }


@pytest.mark.parametrize(
    ("said", "known"),
    [
        (None, NOW),
        ("2020-01-01T00:00:00Z", NOW),
        ("2024-03-20T00:00:00.000001Z", NOW + 1),
        ("2024-03-20T11:59:59Z", 1_710_935_999_000_000),
    ],
)
def test_nobody_can_date_knowledge_back(client, database, said, known):
    send(client, {**ORDER, "event_id": "e1", "known_at": said})
    assert [row["known_at"] for row in rows(database)] == [known]


def test_a_batch_may_be_sent_again(client, database):
    events = [{**ORDER, "event_id": f"e{number}", "account_id": f"a{number % 3}"} for number in range(7)]
    assert send(client, *events[:5]).json()["added"] == 5
    before = rows(database)
    again = send(client, *events, {**events[0], "amount": 12.50, "known_at": "2024-03-20T09:00:00Z"})
    assert again.json() == {"added": 2, "known": 5, "received_at": "2024-03-20T08:00:00+08:00"}
    assert [row for row in rows(database) if row in before] == before
    assert len(rows(database)) == 7


def test_one_id_with_two_contents_is_refused_with_the_whole_batch(client, database):
    send(client, {**ORDER, "event_id": "old"})
    before = rows(database)
    answer = send(
        client,
        {**ORDER, "event_id": "new"},
        {**ORDER, "event_id": "old", "amount": 13},
        {**ORDER, "event_id": "old", "account_id": "b"},
        {**ORDER, "event_id": "old", "occurred_at": "2024-03-01T09:30:00Z"},
    )
    assert answer.status_code == 422
    assert [error["pointer"] for error in answer.json()["errors"]] == ["#/events/2/event_id", "#/events/3/event_id"]
    answer = send(client, {**ORDER, "event_id": "new"}, {**ORDER, "event_id": "old", "amount": 13})
    assert [error["pointer"] for error in answer.json()["errors"]] == ["#/events/1/event_id"]
    assert "is stored with different contents" in answer.json()["errors"][0]["detail"]
    assert rows(database) == before


def test_an_id_that_stands_twice_in_a_batch_has_one_content(client, database):
    answer = send(client, {**ORDER, "event_id": "e"}, {**ORDER, "event_id": "e", "kind": "visit"})
    assert [error["pointer"] for error in answer.json()["errors"]] == ["#/events/1/event_id"]
    assert "occurs twice" in answer.json()["errors"][0]["detail"]
    assert send(client, {**ORDER, "event_id": "e"}, {**ORDER, "event_id": "e"}).json()["added"] == 1


def test_all_faults_are_told_at_once(client, database):
    answer = send(
        client,
        {**ORDER, "event_id": "a", "occurred_at": "2024-02-30T00:00:00Z"},
        {**ORDER, "event_id": "b", "due_at": "2024-06-31T00:00:00Z", "known_at": "2023-02-29T00:00:00Z"},
        {**ORDER, "event_id": "kqml:mine"},
    )
    assert [error["pointer"] for error in answer.json()["errors"]] == [
        "#/events/0/occurred_at",
        "#/events/1/known_at",
        "#/events/1/due_at",
        "#/events/2/event_id",
    ]
    assert rows(database) == []


@pytest.mark.parametrize(
    ("event", "column"),
    [
        ({**ORDER}, "event_id"),
        ({"event_id": "e", "occurred_at": "2024-03-01T09:30:00Z", "kind": "order"}, "account_id"),
        ({**ORDER, "event_id": "e", "kind": "dance"}, "kind"),
        ({**ORDER, "event_id": "e", "received_at": "2024-03-01T09:30:00Z"}, "received_at"),
        ({**ORDER, "event_id": "e", "amount": -1}, "amount"),
    ],
)
def test_a_faulty_event_is_pointed_at(client, database, event, column):
    answer = send(client, {**ORDER, "event_id": "good"}, event)
    assert [error["pointer"] for error in answer.json()["errors"]] == [f"#/events/1/{column}"]
    assert rows(database) == []


@pytest.mark.parametrize(("count", "status"), [(0, 422), (10_000, 200), (10_001, 422)])
@pytest.mark.parametrize("body_limit", [16 * 2**20])
def test_a_batch_has_a_limit(client, database, count, status):
    events = [{**ORDER, "event_id": f"e{number}"} for number in range(count)]
    assert send(client, *events).status_code == status
    assert len(rows(database)) == (count if status == 200 else 0)


def test_accounts_that_only_events_name_are_there_undescribed(client, database):
    send(client, {**ORDER, "event_id": "e1"}, {**ORDER, "event_id": "e2", "account_id": "b"})
    assert [(row["account_id"], row["described"]) for row in rows(database, ACCOUNTS)] == [("a", False), ("b", False)]


def test_the_first_record_of_a_kind_is_noted(client, database):
    send(client, {**ORDER, "event_id": "e1"}, {**ORDER, "event_id": "e2", "kind": "visit"})
    send(client, {**ORDER, "event_id": "e3", "known_at": "2024-03-20T09:00:00Z"})
    noted = {row["kind"]: row["first_known_at"] for row in rows(database, KINDS_RECORDED)}
    assert noted == {"order": NOW, "visit": NOW}


def test_a_repeated_request_gets_the_first_answer(client, database):
    event = {**ORDER, "event_id": "e1"}
    first = send(client, event, **{"idempotency-key": "k-1"})
    again = send(client, event, **{"idempotency-key": "k-1"})
    assert (again.status_code, again.json()) == (200, first.json())
    assert ("idempotency-replayed" in first.headers, again.headers["idempotency-replayed"]) == (False, "true")
    other = send(client, {**event, "event_id": "e2"}, **{"idempotency-key": "k-1"})
    assert (other.status_code, other.json()["type"]) == (422, "urn:kqml:problem:key-reused")
    assert len(rows(database)) == 1


def test_a_refused_request_leaves_its_key_free(client, database):
    bad, good = {**ORDER, "event_id": "e1", "occurred_at": "2024-02-30T00:00:00Z"}, {**ORDER, "event_id": "e1"}
    assert send(client, bad, **{"idempotency-key": "k-1"}).status_code == 422
    assert send(client, good, **{"idempotency-key": "k-1"}).status_code == 200


RETRACTION = {**ORDER, "event_id": "r1", "kind": "event_retracted", "amount": None}


def test_an_event_is_retracted_by_its_id(client, database):
    assert send(client, {**ORDER, "event_id": "e1"}, {**RETRACTION, "ref": "e1"}).json()["added"] == 2
    assert send(client, {**RETRACTION, "ref": "e1"}).json() | {"received_at": None} == {
        "added": 0,
        "known": 1,
        "received_at": None,
    }
    assert {row["event_id"]: row["ref"] for row in rows(database)} == {"e1": None, "r1": "e1"}


@pytest.mark.parametrize(
    ("ref", "detail"),
    [
        (None, "is absent: it names the event that is retracted"),
        ("nothing", "account 'a' has no event 'nothing' that could be retracted"),
        ("of-b", "account 'a' has no event 'of-b' that could be retracted"),
        ("r0", "account 'a' has no event 'r0' that could be retracted"),
    ],
)
def test_only_an_event_of_the_same_account_is_retracted(client, database, ref, detail):
    send(client, {**ORDER, "event_id": "e1"}, {**ORDER, "event_id": "of-b", "account_id": "b"})
    send(client, {**RETRACTION, "event_id": "r0", "ref": "e1"})
    answer = send(client, {**ORDER, "event_id": "e2"}, {**RETRACTION, "ref": ref})
    assert (answer.status_code, answer.json()["errors"]) == (422, [{"pointer": "#/events/1/ref", "detail": detail}])
    assert len(rows(database)) == 3


@pytest.mark.parametrize("key", ["", "x" * 256, "a b", "a\tb"])
def test_a_key_that_cannot_be_one_is_pointed_at(client, key):
    answer = send(client, {**ORDER, "event_id": "e1"}, **{"idempotency-key": key})
    assert answer.status_code == 422
    assert [error["parameter"] for error in answer.json()["errors"]] == ["idempotency-key"]


@pytest.mark.parametrize("column", ["occurred_at", "known_at"])
@pytest.mark.parametrize(
    ("time", "detail"),
    [
        ("1970-01-01T08:00:00+08:00", "1990 to 2099"),
        ("2031-05-01T09:30:00+08:00", "is in the future"),
        ("2024-03-20T12:00:00Z", "is in the future"),
    ],
)
def test_an_event_at_an_implausible_time_is_refused_stored_or_not(client, database, time, detail, column):
    event = {**ORDER, "event_id": "e1", column: time}
    scored = client.post("/v1/scores", json={"accounts": [{"account_id": "a", "events": [ORDER, event]}]})
    for answer, place in ((send(client, event), "events/0"), (scored, "accounts/0/events/1")):
        (error,) = answer.json()["errors"]
        assert (answer.status_code, error["pointer"]) == (422, f"#/{place}/{column}")
        assert detail in error["detail"]
    assert rows(database) == []


def test_what_is_due_may_lie_ahead(client):
    event = {**ORDER, "kind": "promise_made", "event_id": "e1", "due_at": "2025-01-01T00:00:00Z"}
    scored = client.post("/v1/scores", json={"accounts": [{"account_id": "a", "events": [ORDER, event]}]})
    assert (send(client, event).status_code, scored.status_code) == (200, 200)


@pytest.mark.parametrize("offset", ["Z", "+00:00", "+0000", "+00"])
def test_offsets_may_be_written_as_iso_allows(client, database, offset):
    answer = send(client, {**ORDER, "event_id": "e1", "occurred_at": f"2024-03-01T01:30:00.000{offset}"})
    assert answer.status_code == 200
    assert [row["occurred_at"] for row in rows(database)] == [1_709_256_600_000_000]


def test_clocks_may_be_half_a_day_ahead(client):
    assert send(client, {**ORDER, "event_id": "e1", "occurred_at": "2024-03-20T11:59:59Z"}).status_code == 200


def test_a_byte_order_mark_is_passed_over(client):
    body = b'\xef\xbb\xbf{"events": [{"event_id": "e1", "account_id": "a", "kind": "visit",'
    body += b' "occurred_at": "2024-03-01T01:30:00Z"}]}'
    answer = client.post("/v1/events", content=body, headers={"content-type": "application/json"})
    assert (answer.status_code, answer.json()["added"]) == (200, 1)


@pytest.mark.parametrize("column", ["event_id", "account_id", "rep_id", "contact_id", "ref"])
@pytest.mark.parametrize(
    ("name", "detail"),
    [
        ("K1\t", "control or invisible"),
        (" K1", "begin or end with white space"),
        ("K\u200b1", "control or invisible"),
        ("NULL", "word for no value"),
        ("#N/A", "word for no value"),
        ("nan", "word for no value"),
        ("8.60102E+17", "has lost digits"),
    ],
)
def test_what_is_no_id_is_refused_as_by_the_importer(client, database, name, detail, column):
    event = {**ORDER, "event_id": "e1", column: name}
    scored = client.post("/v1/scores", json={"accounts": [{"account_id": "a", "events": [ORDER, event]}]})
    for answer, place in ((send(client, event), "events/0"), (scored, "accounts/0/events/1")):
        error = answer.json()["errors"][0]
        assert (answer.status_code, error["pointer"]) == (422, f"#/{place}/{column}")
        assert detail in error["detail"]
    assert rows(database) == []


@pytest.mark.parametrize(
    ("path", "facts", "column"),
    [
        ("/v1/accounts/a", {"owner_rep_id": "#N/A"}, "owner_rep_id"),
        ("/v1/reps/r", {"manager_id": "nan"}, "manager_id"),
        ("/v1/contacts/c", {"account_id": "NULL"}, "account_id"),
    ],
)
def test_a_word_for_no_value_is_no_id_of_a_record(client, database, path, facts, column):
    answer = client.put(path, json=facts)
    (error,) = answer.json()["errors"]
    assert (answer.status_code, error["pointer"]) == (422, f"#/{column}")
    assert "word for no value" in error["detail"]
