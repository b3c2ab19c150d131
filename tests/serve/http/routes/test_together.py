"""Many callers at the same moment, on both databases."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import func, select

from serve.database.decisions import add_decisions
from serve.database.tables import ACCOUNTS, EVENTS

MANY = 8


def together(work):
    with ThreadPoolExecutor(MANY) as pool:
        return list(pool.map(work, range(MANY)))


def test_one_of_many_creates_an_account(client):
    answers = together(
        lambda number: client.put("/v1/accounts/a", json={"name": f"n{number}"}, headers={"if-none-match": "*"})
    )
    assert sorted(answer.status_code for answer in answers) == [201] + [412] * (MANY - 1)
    winner = next(answer for answer in answers if answer.status_code == 201)
    assert client.get("/v1/accounts/a").json() == winner.json()


def test_one_of_many_changes_what_all_have_read(client):
    tag = client.put("/v1/accounts/a", json={}).headers["etag"]
    answers = together(lambda n: client.put("/v1/accounts/a", json={"name": f"n{n}"}, headers={"if-match": tag}))
    assert sorted(answer.status_code for answer in answers) == [200] + [412] * (MANY - 1)


@pytest.mark.parametrize("key", [None, "k"])
def test_batches_that_overlap_are_kept_once(client, database, key):
    def send(number):
        numbers = range(50) if key else range(number * 10, number * 10 + 50)
        events = [
            {"event_id": f"e{n}", "account_id": f"a{n % 7}", "occurred_at": "2024-03-01T00:00:00Z", "kind": "visit"}
            for n in numbers
        ]
        return client.post("/v1/events", json={"events": events}, headers={"idempotency-key": key} if key else {})

    answers = together(send)
    assert {answer.status_code for answer in answers} == {200}
    added = [answer.json()["added"] for answer in answers]
    assert added == [50] * MANY if key else sum(added) == 50 + 10 * (MANY - 1)
    with database.reading() as connection:
        kept = connection.execute(select(func.count()).select_from(EVENTS)).scalar_one()
        accounts = connection.execute(select(func.count()).select_from(ACCOUNTS)).scalar_one()
    assert (kept, accounts) == (50 if key else 50 + 10 * (MANY - 1), 7)


def test_a_decision_is_accepted_once(client, database):
    row = {"decision_id": "d", "account_id": "a", "week": "2024-W12", "cutoff": 1, "policy": "p", "playbook": "b"}
    client.put("/v1/accounts/a", json={})
    with database.writing() as connection:
        add_decisions(connection, [{**row, "assigned": "wait", "eligible": "[]", "blocked": "{}"}], 2)
    answers = together(lambda _: client.post("/v1/decisions/d/status", json={"state": "accepted"}))
    assert sorted(answer.status_code for answer in answers) == [200] + [409] * (MANY - 1)
    assert len(client.get("/v1/decisions/d").json()["states"]) == 2
