"""What a scrape tells of the database."""

import pytest
from database_fixtures import *  # noqa: F403
from security_company import SCORE, Clock
from sqlalchemy import insert, update

from kqml.calendar.business_time import DAY_US
from serve.database.engine import Database, open_database
from serve.database.scores import record_scores
from serve.database.tables import DELIVERIES, OUTBOX, WEBHOOKS
from serve.http.database_metrics import DatabaseCollector

NOW = 20_000 * DAY_US


def told(database: Database, now: int = NOW) -> dict[str, float]:
    samples = [sample for metric in DatabaseCollector(database, Clock(now)).collect() for sample in metric.samples]
    return {sample.name + "".join(sample.labels.values()): sample.value for sample in samples}


def test_an_empty_database_has_no_ages(database: Database) -> None:
    assert told(database) == {"kqml_store_up": 1, "kqml_messageswaiting": 0, "kqml_messagesdead": 0}


def test_scores_are_as_old_as_their_newest_cutoff(database: Database) -> None:
    with database.writing() as connection:
        for account, days in (("a1", 9), ("a2", 2), ("a1", 3)):
            record_scores(connection, [{**SCORE, "account_id": account, "cutoff": NOW - days * DAY_US}])

    assert told(database)["kqml_score_age_seconds"] == 2 * 86_400


def test_messages_wait_until_they_are_delivered_or_dead(database: Database) -> None:
    webhook = {"webhook_id": "w", "url": "https://example.test", "kinds": "[]", "secrets": "x", "created_at": NOW}
    ways = [("old", NOW - 90_000_000, 1), ("new", NOW - 5_000_000, 1), ("gone", NOW - 99_000_000, None)]
    with database.writing() as connection:
        connection.execute(insert(WEBHOOKS).values(**webhook))
        for name, created, due in ways:
            message = {"message_id": name, "kind": "k", "payload": "{}", "created_at": created}
            connection.execute(insert(OUTBOX).values(**message))
            way = {"message_id": name, "webhook_id": "w", "attempts": 0, "next_at": due}
            connection.execute(insert(DELIVERIES).values(**way))
    counted = told(database)
    with database.writing() as connection:
        connection.execute(update(DELIVERIES).where(DELIVERIES.c.message_id == "old").values(next_at=None, dead_at=NOW))
    later = told(database)

    assert (counted["kqml_messageswaiting"], counted["kqml_message_age_seconds"]) == (2, 90)
    assert (later["kqml_messageswaiting"], later["kqml_messagesdead"], later["kqml_message_age_seconds"]) == (1, 1, 5)


def test_a_database_that_does_not_answer_is_down() -> None:
    away = open_database("postgresql://nobody@127.0.0.1:1/nothing")
    try:
        assert told(away) == {"kqml_store_up": 0}
    finally:
        away.close()


def test_the_metrics_of_a_running_service_tell_of_its_database(client: pytest.FixtureRequest) -> None:
    assert "kqml_store_up 1.0" in client.get("/metrics").text.splitlines()
