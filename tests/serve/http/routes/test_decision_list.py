"""`GET /v1/decisions`: decisions as they change, filtered, by page."""

import pytest

from serve.database.decisions import add_decisions, add_state
from serve.database.tables import ACCOUNTS

MONDAY = 1_710_691_200_000_000
NOW = 1_710_892_800_000_000
MINUTE = 60_000_000
DECISION = {
    "week": "2024-W12",
    "cutoff": MONDAY,
    "policy": "ours@3",
    "playbook": "pharmacy@ab12",
    "model": "3",
    "assigned": "visit",
    "probability": 0.8,
    "eligible": '["wait","visit"]',
    "blocked": "{}",
    "explored": False,
    "must": True,
    "holdout": False,
    "reason": "must",
    "by": "kqml",
}


@pytest.fixture
def decided(client, database):
    """d1 … d5, stored a minute apart up to 30 minutes ago; d2 then accepted, then done, 10 minutes ago."""
    owners = {"a": "R-7", "b": "R-7", "c": "R-8"}
    batch = [{"account_id": name, "owner_rep_id": rep, "name": name * 3} for name, rep in owners.items()]
    client.post("/v1/accounts", json={"accounts": batch})
    rows = [
        ("d1", "a", "R-7", "2024-W11"),
        ("d2", "b", "R-7", "2024-W12"),
        ("d3", "c", "R-8", "2024-W12"),
        ("d4", "a", "R-7", "2024-W12"),
        ("d5", "c", "R-8", "2024-W12"),
    ]
    with database.writing() as connection:
        for number, (name, account, rep, week) in enumerate(rows):
            row = {**DECISION, "decision_id": name, "account_id": account, "rep_id": rep, "week": week}
            add_decisions(connection, [row], NOW - (34 - number) * MINUTE)
        for minutes, state in ((12, "accepted"), (10, "done")):
            at = NOW - minutes * MINUTE
            add_state(connection, "d2", {"state": state, "at": at, "by": "key:1"}, at)
    return client


def ids(answer):
    return [decision["decision_id"] for decision in answer.json()["decisions"]]


def test_a_listed_decision_has_its_latest_state_and_no_inputs(decided):
    listed = decided.get("/v1/decisions?state=done").json()
    assert listed == {
        "decisions": [
            {
                "decision_id": "d2",
                "account_id": "b",
                "account_name": "bbb",
                "rep_id": "R-7",
                "week": "2024-W12",
                "cutoff": "2024-03-18T00:00:00+08:00",
                "policy": "ours@3",
                "playbook": "pharmacy@ab12",
                "model": "3",
                "assigned": "visit",
                "probability": 0.8,
                "explored": False,
                "must": True,
                "holdout": False,
                "reason": "must",
                "state": "done",
                "at": "2024-03-20T07:50:00+08:00",
                "action": None,
                "recorded_at": "2024-03-20T07:27:00+08:00",
                "changed_at": "2024-03-20T07:50:00+08:00",
                "next": ["verified", "outcome"],
            }
        ],
        "complete_until": "2024-03-20T07:45:00+08:00",
        "next_cursor": None,
    }


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("", ["d1", "d3", "d4", "d5", "d2"]),
        ("sort=-changed_at", ["d2", "d5", "d4", "d3", "d1"]),
        ("rep=R-7", ["d1", "d4", "d2"]),
        ("rep=R-7&rep=R-8&week=2024-W11", ["d1"]),
        ("account=c", ["d3", "d5"]),
        ("state=recommended&account=a", ["d1", "d4"]),
        ("state=accepted", []),
        ("week=2024-W12&sort=-changed_at", ["d2", "d5", "d4", "d3"]),
        ("changed_since=2024-03-20T07:29:00%2B08:00", ["d4", "d5", "d2"]),
        ("changed_since=2024-03-20T07:29:00.000001%2B08:00", ["d5", "d2"]),
        ("changed_since=2024-03-20T07:51:00%2B08:00", []),
    ],
)
def test_lists_are_filtered_and_sorted_by_the_latest_change(decided, question, expected):
    assert ids(decided.get(f"/v1/decisions?{question}")) == expected


@pytest.mark.parametrize("sort", ["changed_at", "-changed_at"])
@pytest.mark.parametrize("limit", [1, 2, 5, 6])
def test_pages_show_each_decision_once(decided, sort, limit):
    seen, cursor = [], None
    while True:
        more = {} if cursor is None else {"cursor": cursor}
        answer = decided.get("/v1/decisions", params={"sort": sort, "limit": limit, **more})
        seen += ids(answer)
        cursor = answer.json()["next_cursor"]
        if cursor is None:
            break
    assert seen == ids(decided.get("/v1/decisions", params={"sort": sort}))


def test_a_state_that_is_reported_moves_a_decision_to_the_end(decided):
    first = decided.get("/v1/decisions?limit=2").json()
    assert decided.post("/v1/decisions/d4/status", json={"state": "accepted"}).status_code == 200
    rest = decided.get("/v1/decisions", params={"cursor": first["next_cursor"]})
    assert ids(rest) == ["d5", "d2", "d4"]
    assert rest.json()["decisions"][-1]["changed_at"] == "2024-03-20T08:00:00+08:00"


def test_decisions_about_accounts_that_object_are_left_out(decided, database):
    with database.writing() as connection:
        connection.execute(ACCOUNTS.update().where(ACCOUNTS.c.account_id == "a").values(objected_at=NOW))
    assert ids(decided.get("/v1/decisions")) == ["d3", "d5", "d2"]


@pytest.mark.parametrize(
    ("question", "parameter", "words"),
    [
        ("changed_since=2024-02-30T00:00:00Z", "changed_since", "does not have"),
        ("changed_since=2090-01-01T00:00:00Z", "changed_since", "not between the year 2000 and now"),
        ("week=2024-W54", "0", "match"),
        ("state=told", "0", "recommended"),
        ("cursor=AAAA", "cursor", "not a valid cursor"),
        ("colour=red", "colour", ""),
    ],
)
def test_a_faulty_parameter_is_named(decided, question, parameter, words):
    answer = decided.get(f"/v1/decisions?{question}")
    (error,) = answer.json()["errors"]
    assert (answer.status_code, error["parameter"]) == (422, parameter)
    assert words in error["detail"]


def test_a_cursor_belongs_to_its_list(decided):
    cursor = decided.get("/v1/decisions?limit=2").json()["next_cursor"]
    answer = decided.get("/v1/decisions", params={"cursor": cursor, "rep": "R-7"})
    assert (answer.status_code, answer.json()["errors"][0]["parameter"]) == (422, "cursor")
