"""Histories out of the database are the logs that the same records make."""

import pytest
from random_records import check_same_log, random_records

from kqml.history.builders import event_log_of
from serve.database.events import describe_later, write_events
from serve.database.long_histories import long_histories
from serve.database.sqlite_reader import FIRST
from serve.database.territory import EVERYWHERE, Territory
from serve.usecases.database_histories import DatabaseHistories, LongHistories

CUTOFF = 10**15


def keep(database, records):
    events = [{**event, "account_id": name} for name, events in records.items() for event in events]
    with database.writing() as connection:
        write_events(connection, events, 0, EVERYWHERE)


@pytest.mark.parametrize("seed", range(8))
def test_a_database_holds_the_log_that_records_make(database, seed):
    records = {name: events for name, events in random_records(seed).items() if events}
    keep(database, records)
    histories = DatabaseHistories(database)
    counted = {
        name: [event for event in events if event["kind"] != "order" or event["amount"] != 0]
        for name, events in records.items()
    }
    check_same_log(histories.read([*records][::-1], CUTOFF, EVERYWHERE).log, event_log_of(counted))
    for name, events in counted.items():
        check_same_log(histories.read([name], CUTOFF, EVERYWHERE).log, event_log_of({name: events}))


def test_orders_of_nothing_do_not_count(database):
    order = dict.fromkeys(next(iter(random_records(0).values()))[0]) | {"kind": "order", "known_at": 5}
    sent = [{**order, "event_id": f"e{place}", "occurred_at": 9 - place, "amount": place} for place in range(3)]
    keep(database, {"a": sent})
    log = DatabaseHistories(database).read(["a"], CUTOFF, EVERYWHERE).log
    assert (log.occurred_at.tolist(), log.values["amount"].tolist()) == ([7, 8], [2.0, 1.0])


def test_accounts_without_events_have_an_empty_history(database):
    keep(database, {"a": random_records(3)["b"][:3]})
    with database.writing() as connection:
        describe_later(connection, ["b", "c"], 0)
    histories = DatabaseHistories(database)
    assert histories.read(["b", "c"], CUTOFF, EVERYWHERE).log.offsets.tolist() == [0, 0, 0]
    assert histories.read(["b"], CUTOFF, EVERYWHERE).log.offsets.tolist() == [0, 0]
    assert histories.read(["a", "b"], CUTOFF, EVERYWHERE).log.offsets.tolist() == [0, 3, 3]
    assert histories.read(["b"], CUTOFF, Territory(frozenset({"r"}))).log.account_count == 0


def test_what_was_just_kept_is_read(database):
    histories, records = DatabaseHistories(database), random_records(3)["b"]
    for place, event in enumerate(records[:4]):
        keep(database, {"a": [event]})
        assert len(histories.read(["a"], CUTOFF, EVERYWHERE).log) == place + 1


def test_sqlite_finds_the_events_of_an_account_in_their_order(database):
    if not database.is_sqlite:
        return
    with database.reading() as connection:
        plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {FIRST}", ("a",)).all()
    assert [row[-1] for row in plan] == ["SEARCH events USING PRIMARY KEY (account_id=?)"]


def test_accounts_with_more_events_than_wanted_are_named_before_any_event_is_read(database):
    records = random_records(3)["b"]
    keep(database, {"a": records[:3], "b": records[3:7], "c": records[7:12]})
    histories = DatabaseHistories(database)
    assert len(histories.read(["a", "b"], CUTOFF, EVERYWHERE, most_events=4).log) == 7
    with pytest.raises(LongHistories) as raised:
        histories.read(["a", "b", "c"], CUTOFF, EVERYWHERE, most_events=3)
    assert (raised.value.accounts, raised.value.most) == ({"b", "c"}, 3)


def test_long_histories_are_those_beyond_the_limit(database, monkeypatch):
    records = random_records(3)["b"]
    keep(database, {"a": records[:3], "b": records[3:7], "c": records[7:12]})
    monkeypatch.setattr("serve.database.long_histories.MOST_EVENTS", 4)
    with database.reading() as connection:
        assert long_histories(connection, ["a", "b", "c", "d"]) == {"c"}
