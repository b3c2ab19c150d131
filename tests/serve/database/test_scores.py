"""Stored scores: the newest of each account, whose band changed, why a score moved."""

import pytest
from sqlalchemy import select

from serve.database.scores import Crossing, ScoringRun, last_run, list_scores, record_scores
from serve.database.tables import LATEST_SCORES
from serve.database.territory import EVERYWHERE


def score(account, cutoff, probability, model="3", band="low", change=(None, None, None), before=(None, None)):
    return {
        "account_id": account,
        "cutoff": cutoff,
        "model": model,
        "scored_at": cutoff + 1,
        "eligible": probability is not None,
        "churn_probability": probability,
        "band": band,
        "value_at_risk": None,
        "reasons": "[]",
        "warnings": "[]",
        "before_cutoff": before[0],
        "before_model": before[1],
        "change_calendar": change[0],
        "change_data": change[1],
        "change_model": change[2],
    }


def record(database, *rows):
    with database.writing() as connection:
        return record_scores(connection, rows)


def stored(database, account):
    with database.reading() as connection:
        return list_scores(connection, account, EVERYWHERE, 10)


def test_lists_show_the_newest(database):
    record(database, score("a", 10, 0.1), score("b", 10, 0.2))
    record(database, score("a", 20, 0.3))
    record(database, score("a", 15, 0.9))
    with database.reading() as connection:
        newest = connection.execute(select(LATEST_SCORES.c.account_id, LATEST_SCORES.c.churn_probability)).all()
        assert last_run(connection) == ScoringRun(20, "3")
    assert sorted(map(tuple, newest)) == [("a", 0.3), ("b", 0.2)]
    assert [row["cutoff"] for row in stored(database, "a")] == [20, 15, 10]


def test_a_database_without_scores_has_no_run(database):
    with database.reading() as connection:
        assert last_run(connection) is None


@pytest.mark.parametrize(
    ("first", "second", "crossed"),
    [
        ("low", "low", []),
        ("low", "high", [Crossing("a", "low", "high", 0.5)]),
        ("high", None, [Crossing("a", "high", None, 0.5)]),
        (None, "low", [Crossing("a", None, "low", 0.5)]),
    ],
)
def test_crossings_are_told(database, first, second, crossed):
    record(database, score("a", 10, 0.5, band=first))
    assert record(database, score("a", 20, 0.5, band=second)) == crossed


def test_a_later_score_of_an_earlier_moment_crosses_nothing(database):
    record(database, score("a", 20, 0.5, band="high"))
    assert record(database, score("a", 10, 0.1, band="low")) == []


def test_the_parts_add_up_to_the_difference_that_was_stored(database):
    record(database, score("a", 10, 0.10))
    record(database, score("a", 20, 0.35, change=(0.05, 0.125, 0.0625), before=(10, "3")))
    row = stored(database, "a")[0]
    assert (row["before_probability"], row["before_cutoff"], row["before_model"]) == (0.10, 10, "3")
    assert row["change_calendar"] == 0.05
    assert row["change_model"] == 0.0625
    assert row["change_calendar"] + row["change_data"] + row["change_model"] == pytest.approx(0.25, abs=1e-15)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (score("a", 10, 0.1), score("a", 20, 0.2, change=(1, 1, 1), before=(5, "3"))),
        (score("a", 10, 0.1), score("a", 20, 0.2, change=(1, 1, 1), before=(10, "2"))),
        (score("a", 10, None), score("a", 20, 0.2, change=(1, 1, 1), before=(10, "3"))),
        (score("a", 10, 0.1), score("a", 20, None, before=(10, "3"))),
        (score("a", 20, 0.1), score("a", 10, 0.2, change=(1, 1, 1), before=(20, "3"))),
    ],
)
def test_a_change_from_another_score_is_not_told(database, first, second):
    record(database, first)
    record(database, second)
    row = next(row for row in stored(database, "a") if row["cutoff"] == second["cutoff"])
    assert (row["change_calendar"], row["change_data"], row["change_model"]) == (None, None, None)


def test_scoring_again_replaces(database):
    record(database, score("a", 10, 0.1), score("a", 10, 0.2, model="4"))
    record(database, score("a", 10, 0.3))
    assert [(row["model"], row["churn_probability"]) for row in stored(database, "a")] == [("4", 0.2), ("3", 0.3)]


def test_another_version_at_the_same_moment_is_a_change_of_the_model(database):
    record(database, score("a", 10, 0.125))
    record(database, score("a", 10, 0.5, model="4", change=(0.0, 0.0, 0.375), before=(10, "3")))
    row = next(row for row in stored(database, "a") if row["model"] == "4")
    assert (row["before_probability"], row["before_model"]) == (0.125, "3")
    assert (row["change_calendar"], row["change_data"], row["change_model"]) == (0.0, 0.0, 0.375)


def test_scoring_again_keeps_what_the_change_was(database):
    """A second run of the night compares with the night before, not with the first run."""
    record(database, score("a", 10, 0.125))
    again = score("a", 20, 0.5, change=(0.25, 0.0625, 0.0625), before=(10, "3"))
    record(database, again)
    first = stored(database, "a")[0]
    record(database, {**again, "before_cutoff": 20, "change_calendar": 0.0, "change_data": 0.0, "change_model": 0.0})
    assert stored(database, "a")[0] == first
    record(database, score("a", 20, 0.75, change=(0.0, 0.0, 0.0), before=(20, "3")))
    row = stored(database, "a")[0]
    assert (row["before_probability"], row["before_cutoff"]) == (0.125, 10)
    assert (row["change_calendar"], row["change_data"], row["change_model"]) == (0.25, 0.3125, 0.0625)
