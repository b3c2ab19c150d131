"""Logs from a database's columns are the logs that records make."""

import pytest
from random_records import check_same_log, random_records

from kqml.history.builders import event_log_of
from kqml.history.sorted_columns import COLUMNS, NEEDED, event_log_of_columns

ALWAYS = {"occurred_at", "known_at", "kind"}


def as_columns(records):
    rows = [event for events in records.values() for event in events]
    retracted = {event["ref"] for event in rows if event["kind"] == "event_retracted"}
    kept = [
        {name: value if is_needed(name, event, retracted) else None for name, value in event.items()} for event in rows
    ]
    columns = {name: [event[name] for event in kept] for name in COLUMNS}
    return {name: column for name, column in columns.items() if name in ALWAYS or column.count(None) < len(column)}


def is_needed(name, event, retracted):
    if name == "event_id" and event["event_id"] in retracted:
        return True
    return name not in NEEDED or event["kind"] in {kind.code for kind in NEEDED[name]}


@pytest.mark.parametrize("seed", range(12))
def test_columns_make_the_log_that_records_make(seed):
    records = random_records(seed)
    counts = [len(events) for events in records.values()]
    check_same_log(event_log_of_columns(list(records), counts, as_columns(records)), event_log_of(records))


def test_accounts_without_events_make_an_empty_log():
    log = event_log_of_columns(["a", "b"], [0, 0], {name: [] for name in ALWAYS})
    assert (log.account_count, len(log), log.offsets.tolist()) == (2, 0, [0, 0, 0])
