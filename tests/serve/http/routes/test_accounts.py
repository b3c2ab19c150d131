"""`/v1/accounts`: what accounts are, who changed them meanwhile, which events their changes are."""

from urllib.parse import quote

import pytest
from sqlalchemy import select

from serve.database.dataset_info import initialise_info
from serve.database.scores import SHORT
from serve.database.tables import ACCOUNTS, EVENTS, LATEST_SCORES, SCORES

A = {"name": "Corner 药店", "tier": "A", "segment": "pharmacy", "region": "east", "owner_rep_id": "R-7"}


def events_of(database, account):
    asked = select(EVENTS.c.kind, EVENTS.c.occurred_at, EVENTS.c.rep_id, EVENTS.c.attributes)
    with database.reading() as connection:
        found = connection.execute(asked.where(EVENTS.c.account_id == account).order_by(EVENTS.c.event_id))
        return [tuple(row) for row in found]


def test_an_account_is_put_shown_replaced(client):
    created = client.put("/v1/accounts/S-1", json={**A, "opened_on": "2021-05-01", "attributes": {"outlets": 3}})
    assert created.status_code == 201
    shown = client.get("/v1/accounts/S-1")
    assert shown.json() == created.json()
    assert shown.json() == {
        "account_id": "S-1",
        **A,
        "opened_on": "2021-05-01",
        "status": None,
        "status_since": None,
        "credit_grade": None,
        "visit_weekdays": None,
        "visit_time": None,
        "route": None,
        "opening_hours": None,
        "latitude": None,
        "longitude": None,
        "attributes": {"outlets": 3},
        "described": True,
        "updated_at": "2024-03-20T08:00:00+08:00",
        "erased_at": None,
        "score": None,
    }
    assert client.put("/v1/accounts/S-1", json={"name": "New"}).status_code == 200
    assert client.get("/v1/accounts/S-1").json()["tier"] is None


VISITING = {
    "visit_weekdays": "Tu,Fr",
    "visit_time": "14:00-16:00",
    "route": "E3",
    "opening_hours": "Mo-Sa 08:30-12:00,13:30-21:00; Su off",
    "latitude": 31.2304,
    "longitude": 121.4737,
}


def test_an_account_keeps_when_and_where_it_is_visited(client):
    shown = client.put("/v1/accounts/a", json={**A, **VISITING}).json()
    assert {name: shown[name] for name in VISITING} == VISITING


@pytest.mark.parametrize(
    ("field", "value", "detail"),
    [
        ("visit_weekdays", "Tuesday", "should be weekdays, such as Tu or Mo,Th"),
        ("visit_time", "9:30", "should be a time of day or a range, such as 10:30 or 14:00-16:00"),
        ("opening_hours", "9 to 5", "should be opening hours, such as Mo-Fr 09:00-12:00,14:00-18:00; Sa 10:00-13:00"),
        ("latitude", 91.5, "Input should be less than or equal to 90"),
    ],
)
def test_a_faulty_visiting_time_is_pointed_at(client, field, value, detail):
    answer = client.put("/v1/accounts/a", json={**A, field: value})
    assert answer.status_code == 422
    ((pointer, told),) = [(error["pointer"], error["detail"]) for error in answer.json()["errors"]]
    assert (pointer, detail in told) == (f"#/{field}", True)


@pytest.mark.parametrize("name", ["王 家药店", "?x=1", "a;b=c", "'; DROP TABLE accounts; --", "..", "a.b"])
def test_ids_are_what_they_are(client, name):
    path = f"/v1/accounts/{quote(name, safe='')}" if name != ".." else "/v1/accounts/%2E%2E"
    assert client.put(path, json={}).status_code == 201
    assert client.get(path).json()["account_id"] == name


def test_what_is_not_there_is_404(client):
    answer = client.get("/v1/accounts/nobody")
    assert (answer.status_code, answer.json()["type"]) == (404, "urn:kqml:problem:not-found")
    assert answer.json()["detail"] == "The account 'nobody' does not exist."


def test_who_has_it_already_gets_no_body(client):
    tag = client.put("/v1/accounts/a", json=A).headers["etag"]
    known = client.get("/v1/accounts/a", headers={"if-none-match": f'"x", {tag}'})
    assert (known.status_code, known.content, known.headers["etag"]) == (304, b"", tag)
    client.put("/v1/accounts/a", json={**A, "tier": "B"})
    assert client.get("/v1/accounts/a", headers={"if-none-match": tag}).status_code == 200


def test_a_put_that_changes_nothing_keeps_the_tag(client):
    first = client.put("/v1/accounts/a", json=A)
    again = client.put("/v1/accounts/a", json=A)
    assert (again.status_code, again.headers["etag"]) == (200, first.headers["etag"])


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"if-match": '"1"'}, 200),
        ({"if-match": '"2", "1"'}, 200),
        ({"if-match": "*"}, 200),
        ({"if-match": '"2"'}, 412),
        ({"if-match": "1"}, 412),
        ({"if-none-match": "*"}, 412),
        ({"if-none-match": '"1"'}, 412),
        ({"if-none-match": '"2"'}, 200),
    ],
)
def test_a_condition_that_does_not_hold_changes_nothing(client, headers, status):
    client.put("/v1/accounts/a", json=A)
    answer = client.put("/v1/accounts/a", json={"name": "new"}, headers=headers)
    assert answer.status_code == status
    assert client.get("/v1/accounts/a").json()["name"] == ("new" if status == 200 else A["name"])


@pytest.mark.parametrize(
    ("headers", "status"), [({"if-match": "*"}, 412), ({"if-match": '"1"'}, 412), ({"if-none-match": "*"}, 201)]
)
def test_conditions_on_what_is_not_there(client, headers, status):
    assert client.put("/v1/accounts/a", json=A, headers=headers).status_code == status


def test_changes_are_events(client, database):
    client.put("/v1/accounts/a", json={**A, "credit_grade": "B"})
    assert events_of(database, "a") == []
    client.put("/v1/accounts/a", json={**A, "tier": "B", "owner_rep_id": "R-8", "credit_grade": "C"})
    now = 1_710_892_800_000_000
    assert events_of(database, "a") == [
        ("credit_changed", now, None, '{"from": "B", "to": "C"}'),
        ("rep_assigned", now, "R-8", '{"from": "R-7", "to": "R-8"}'),
        ("tier_changed", now, None, '{"from": "A", "to": "B"}'),
    ]


def test_a_change_that_an_event_told_before_is_not_told_twice(client, database):
    client.put("/v1/accounts/a", json=A)
    told = {"event_id": "t", "account_id": "a", "occurred_at": "2024-03-19T00:00:00Z", "kind": "tier_changed"}
    client.post("/v1/events", json={"events": [{**told, "attributes": {"from": "A", "to": "B"}}]})
    client.put("/v1/accounts/a", json={**A, "tier": "B"})
    assert [kind for kind, *_ in events_of(database, "a")] == ["tier_changed"]
    client.put("/v1/accounts/a", json={**A, "tier": "C"})
    assert [kind for kind, *_ in events_of(database, "a")] == ["tier_changed", "tier_changed"]


@pytest.mark.parametrize(
    ("facts", "kind", "at"),
    [
        ({"status": "active"}, None, None),
        ({"status": "closed", "status_since": "2024-03-01"}, "account_closed", 1_709_222_400_000_000),
        ({"status": "suspended"}, "account_suspended", 1_710_892_800_000_000),
        ({"status": "transferred", "status_since": "2031-01-01"}, "account_transferred", 1_710_892_800_000_000),
    ],
)
def test_a_status_is_the_event_it_stands_for(client, database, facts, kind, at):
    with database.writing() as connection:
        initialise_info(connection, "Asia/Shanghai")
    client.put("/v1/accounts/a", json=facts)
    assert [(row[0], row[1]) for row in events_of(database, "a")] == ([] if kind is None else [(kind, at)])
    client.put("/v1/accounts/a", json={"status": "active"})
    assert [row[0] for row in events_of(database, "a")] == ([] if kind is None else [kind, "account_reopened"])


def test_an_account_first_named_by_events_is_described_later(client):
    event = {"event_id": "e", "account_id": "a", "occurred_at": "2024-03-01T00:00:00Z", "kind": "order"}
    client.post("/v1/events", json={"events": [event]})
    assert client.get("/v1/accounts/a").json()["described"] is False
    assert client.put("/v1/accounts/a", json={}, headers={"if-none-match": "*"}).status_code == 200
    assert client.get("/v1/accounts/a").json()["described"] is True


@pytest.mark.parametrize("body_limit", [2**20])
def test_many_accounts_at_once_or_none(client):
    batch = {"accounts": [{"account_id": f"a{number}", **A} for number in range(1000)]}
    assert client.post("/v1/accounts", json=batch).json() == {"created": 1000, "changed": 0, "same": 0}
    batch["accounts"][3]["tier"] = "C"
    assert client.post("/v1/accounts", json=batch).json() == {"created": 0, "changed": 1, "same": 999}
    faulty = {"accounts": [{"account_id": "new"}, {"account_id": "new"}, {"account_id": "b", "tier": "D"}]}
    answer = client.post("/v1/accounts", json=faulty)
    assert [error["pointer"] for error in answer.json()["errors"]] == ["#/accounts/2/tier"]
    faulty["accounts"].pop()
    answer = client.post("/v1/accounts", json=faulty)
    assert [error["pointer"] for error in answer.json()["errors"]] == ["#/accounts/1/account_id"]
    assert client.get("/v1/accounts/new").status_code == 404


SCORED = {"a": 0.5, "b": 0.9, "c": None, "d": 0.1, "e": 0.5}


@pytest.fixture
def listed(client, database):
    """Five accounts with scores, one without."""
    tiers = {"a": "A", "b": "B", "c": "A", "d": "A", "e": "C", "f": "A"}
    batch = [{"account_id": name, "tier": tier, "region": f"r{tier}", "name": name * 3} for name, tier in tiers.items()]
    client.post("/v1/accounts", json={"accounts": batch})
    with database.writing() as connection:
        for name, probability in SCORED.items():
            band = None if probability is None else "high" if probability > 0.4 else "low"
            row = {"account_id": name, "cutoff": 1, "model": "3", "scored_at": 1, "band": band}
            connection.execute(LATEST_SCORES.insert(), {**row, "churn_probability": probability})
    return client


def ids(answer):
    return [account["account_id"] for account in answer.json()["accounts"]]


@pytest.mark.parametrize(
    ("question", "found"),
    [
        ("", "beadfc"),
        ("sort=churn_probability", "cfdaeb"),
        ("sort=name", "abcdef"),
        ("sort=-account_id", "fedcba"),
        ("tier=A", "adfc"),
        ("tier=A&tier=C", "eadfc"),
        ("band=high", "bea"),
        ("band=high&tier=A", "a"),
        ("region=rB", "b"),
        ("region=rX", ""),
        ("rep=R-1", ""),
        ("status=closed", ""),
    ],
)
def test_lists_are_filtered_and_sorted(listed, question, found):
    assert "".join(ids(listed.get(f"/v1/accounts?{question}"))) == found


@pytest.mark.parametrize("sort", ["-churn_probability", "churn_probability", "value_at_risk", "name", "-account_id"])
@pytest.mark.parametrize("limit", [1, 2, 5, 6, 7])
def test_pages_show_each_account_once(listed, sort, limit):
    whole = ids(listed.get(f"/v1/accounts?sort={sort}"))
    seen, cursor = [], None
    while True:
        more = {} if cursor is None else {"cursor": cursor}
        answer = listed.get("/v1/accounts", params={"sort": sort, "limit": limit, **more})
        seen += ids(answer)
        assert len(ids(answer)) <= limit
        cursor = answer.json()["next_cursor"]
        if cursor is None:
            break
    assert seen == whole
    assert sorted(seen) == list("abcdef")


def test_a_page_goes_on_where_it_was_though_accounts_come_and_go(listed, database):
    first = listed.get("/v1/accounts?sort=account_id&limit=3").json()
    listed.put("/v1/accounts/bb", json={})
    listed.put("/v1/accounts/dd", json={})
    rest = listed.get("/v1/accounts", params={"sort": "account_id", "limit": 9, "cursor": first["next_cursor"]})
    assert ids(rest) == ["d", "dd", "e", "f"]


@pytest.mark.parametrize("change", ["tier=A", "sort=-account_id"])
def test_a_cursor_belongs_to_its_list(listed, change):
    cursor = listed.get("/v1/accounts?sort=account_id&limit=3").json()["next_cursor"]
    question = f"cursor={cursor}&{change}" if "sort" in change else f"cursor={cursor}&sort=account_id&{change}"
    answer = listed.get(f"/v1/accounts?{question}")
    assert (answer.status_code, answer.json()["errors"][0]["parameter"]) == (422, "cursor")


@pytest.mark.parametrize(
    ("question", "parameter"),
    [
        ("limit=0", "limit"),
        ("limit=501", "limit"),
        ("limit=x", "limit"),
        ("sort=tier", "sort"),
        ("tier=D", "0"),
        ("colour=red", "colour"),
        ("cursor=%F0", "cursor"),
        ("cursor=AAAA", "cursor"),
        ("cursor=W10", "cursor"),
        ("cursor=MQ", "cursor"),
        ("cursor=bnVsbA", "cursor"),
    ],
)
def test_a_faulty_parameter_is_named(listed, question, parameter):
    answer = listed.get(f"/v1/accounts?{question}")
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert [error["parameter"] for error in answer.json()["errors"]] == [parameter]


def test_a_list_shows_the_newest_score(listed):
    first, *_, last = listed.get("/v1/accounts").json()["accounts"]
    assert first["score"] == {
        "churn_probability": 0.9,
        "band": "high",
        "value_at_risk": None,
        "main_reason": None,
        "as_of": "1970-01-01T08:00:00.000001+08:00",
        "model": "3",
    }
    assert (last["account_id"], last["score"]["churn_probability"]) == ("c", None)


STORED = {
    "account_id": "a",
    "cutoff": 1_710_892_800_000_000,
    "model": "3",
    "scored_at": 1_710_892_800_000_000,
    "eligible": True,
    "churn_probability": 0.5,
    "band": "high",
    "value_at_risk": 500.0,
    "reasons": '[{"code":"longer_silent","direction":"rising","contribution":0.5,"message":{"key":'
    '"reasons.longer_silent.rising.days","values":{"silence":{"unit":"days","number":37.0}}}}]',
    "warnings": '[{"key":"warnings.never_recorded","values":{"kinds":[{"kind":"visit"},{"kind":"call"}]}}]',
}
SENTENCES = {
    "en": ["37 days since the last order", "used in training but never recorded in this history: visit, call"],
    "zh": ["距上次订货已 37 天", "模型训练时使用过，但此历史中从未记录：拜访、电话"],
}


def test_a_stored_score_is_shown_in_the_language_of_each_request(client, database):
    client.put("/v1/accounts/a", json=A)
    with database.writing() as connection:
        connection.execute(SCORES.insert(), STORED)
        newest = {name: STORED[name] for name in SHORT}
        connection.execute(LATEST_SCORES.insert(), newest)
    tags = []
    for language in ("zh", "en", "zh"):
        answer = client.get("/v1/accounts/a", params={"language": language})
        (past,) = client.get("/v1/accounts/a/history", params={"language": language}).json()["scores"]
        explained = client.get("/v1/accounts/a/explanation", params={"language": language}).json()["score"]
        for score in (answer.json()["score"], past, explained):
            assert [score["reasons"][0]["text"], *score["warnings"]] == SENTENCES[language]
            assert list(score["reasons"][0]) == ["code", "direction", "contribution", "text"]
        tags.append(answer.headers["etag"])
    assert tags[0] == tags[2] != tags[1]


def test_the_version_counts_real_changes_only(client, database):
    for facts in (A, A, {**A, "tier": "B"}, {**A, "tier": "B"}):
        client.put("/v1/accounts/a", json=facts)
    with database.reading() as connection:
        assert connection.execute(select(ACCOUNTS.c.version)).scalar_one() == 2
