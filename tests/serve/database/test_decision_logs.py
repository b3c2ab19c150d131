"""The database's decisions as the log that effects are learned from."""

import pytest

from kqml.calendar.business_time import DAY_US
from models.policy.guardrails.log_columns import rejections
from serve.database.decision_logs import read_log, read_rejections
from serve.database.decisions import add_decisions, add_state
from serve.database.tables import ACCOUNTS

MONDAY = 1_710_691_200_000_000
WEEK = 7 * DAY_US
ROW = {
    "week": "2024-W12",
    "cutoff": MONDAY,
    "policy": "p",
    "playbook": "b",
    "assigned": "visit",
    "probability": 0.25,
    "eligible": '["wait","visit"]',
    "blocked": "{}",
    "explored": True,
    "must": False,
    "holdout": False,
    "evaluable": True,
}


def add(database, name, now=MONDAY + 1, states=(), **more):
    with database.writing() as connection:
        add_decisions(connection, [{**ROW, "decision_id": name, "account_id": "a", **more}], now)
        for state in states:
            add_state(connection, name, {"at": MONDAY + DAY_US, **state}, MONDAY + DAY_US)


def read(database, **asked):
    wish = {"actions": ("wait", "visit"), "before": MONDAY + 2 * WEEK, "suppression_days": 28, **asked}
    with database.reading() as connection:
        return read_log(connection, **wish)


@pytest.fixture
def known(database):
    row = {"account_id": "a", "described": True, "version": 1, "updated_at": 1}
    with database.writing() as connection:
        connection.execute(ACCOUNTS.insert(), row)
    return database


@pytest.mark.parametrize(
    ("more", "learned"),
    {
        "a drawn one": ({}, True),
        "one that nobody drew": ({"probability": None}, False),
        "one that may not be learned from": ({"evaluable": False}, False),
        "one of which that is not said": ({"evaluable": None}, False),
        "one of a package that is gone": ({"assigned": "fax"}, False),
        "one about an account that is gone": ({"account_id": "b"}, False),
        "one of the week itself": ({"cutoff": MONDAY + 2 * WEEK}, False),
        "one made when its week was over": ({"now": MONDAY + WEEK}, False),
        "one made on its last day": ({"now": MONDAY + WEEK - 1}, True),
    }.values(),
)
def test_what_is_learned_from(known, more, learned):
    add(known, "d", **more)
    assert read(known).decisions["decision_id"].tolist() == (["d"] if learned else [])


def test_a_rejection_is_of_what_was_recommended_and_is_forgotten_in_time(known):
    add(known, "d", probability=None, evaluable=None, states=[{"state": "rejected", "reason": "no"}])
    found = read(known)
    assert found.states[["decision_id", "state", "action"]].to_numpy().tolist() == [["d", "rejected", "visit"]]
    assert found.decisions[["must", "evaluable"]].to_numpy().tolist() == [[False, False]]
    assert not len(read(known, before=MONDAY + 30 * DAY_US).decisions)


def test_rejections_of_accounts_are_read_without_the_rest_of_the_log(known):
    add(known, "d", states=[{"state": "rejected", "reason": "no"}])
    add(known, "e", account_id="c", states=[{"state": "rejected", "reason": "no", "action": "call"}])
    add(known, "f")
    with known.reading() as connection:
        log = read_rejections(connection, ["a", "c"], MONDAY + 2 * WEEK, 28)
        assert read_rejections(connection, ["a"], MONDAY + 30 * DAY_US, 28) is None
        assert read_rejections(connection, ["b"], MONDAY + 2 * WEEK, 28) is None
    pairs = rejections(log.decisions, log.states, ["a", "c"], ("wait", "visit", "call"), MONDAY + 2 * WEEK, 28)
    assert pairs.tolist() == [[0, 1, 0], [0, 0, 1]]


def test_what_was_done_instead_and_confirmed_later_is_told(known):
    done = [{"state": "accepted"}, {"state": "done", "action": "call"}, {"state": "verified"}]
    add(known, "d", states=done)
    states = read(known).states.set_index("state")
    assert states.loc["done", "action"] == "call"
    assert states.loc["done", "verified"] == True  # noqa: E712 - a missing value would be neither
