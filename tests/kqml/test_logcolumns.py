"""Logs from a database's columns are the logs that records make."""

import json

import numpy as np
import pytest

from kqml.events import KINDS
from kqml.logbuilding import event_log_of
from kqml.logcolumns import COLUMNS, NEEDED, event_log_of_columns

FIELDS = [None, {"topic": "price"}, {"topic": 5}, {"fields": ["size", 3]}, {"from": "A", "to": "B"}]


def random_records(seed):
    """Accounts with events as a store hands them out: sorted, every column there, some of them empty."""
    random = np.random.default_rng(seed)
    empty = {name for name in COLUMNS[3:] if random.random() < 0.3} - {"event_id"}
    return {
        name: [one_record(random, f"{name}{number:02}", empty) for number in range(random.integers(0, 30))]
        for name in ("a", "b", "王")
    }


def one_record(random, name, empty):
    made = {
        "occurred_at": int(name[-2:]) // 3,
        "known_at": int(random.integers(0, 99)),
        "kind": KINDS[random.integers(len(KINDS))].code,
        **{name: random.random() for name in COLUMNS[3:9]},
        **{name: f"x{random.integers(3)}" for name in COLUMNS[9:12]},
        "due_at": int(random.integers(0, 99)),
        "event_id": name,
        "ref": f"{name[:-2]}{random.integers(30):02}",
        "attributes": json.dumps(FIELDS[random.integers(len(FIELDS))]),
    }
    gone = {column for column in made if column in empty or (column in COLUMNS[3:] and random.random() < 0.3)}
    return {column: None if column in gone - {"event_id"} else value for column, value in made.items()}


def as_columns(records):
    rows = [event for events in records.values() for event in events]
    kept = [
        {
            name: None if name in NEEDED and event["kind"] not in {kind.code for kind in NEEDED[name]} else value
            for name, value in event.items()
        }
        for event in rows
    ]
    return [[event[name] for event in kept] for name in COLUMNS] if kept else []


@pytest.mark.parametrize("seed", range(12))
def test_columns_make_the_log_that_records_make(seed):
    records = random_records(seed)
    expected = event_log_of(records)
    found = event_log_of_columns(list(records), [len(events) for events in records.values()], as_columns(records))
    assert found.accounts.tolist() == expected.accounts.tolist()
    for name in ("offsets", "occurred_at", "known_at", "kind"):
        np.testing.assert_array_equal(getattr(found, name), getattr(expected, name))
    for name, column in expected.values.items():
        np.testing.assert_array_equal(found.values.get(name, np.full(len(expected), np.nan)), column)
    for name, column in expected.codes.items():
        np.testing.assert_array_equal(found.codes.get(name, np.full(len(expected), -1)), column, err_msg=name)
    due = found.due_at if found.due_at is not None else np.full(len(expected), np.iinfo(np.int64).max)
    np.testing.assert_array_equal(due, expected.due_at)
    assert found.notes == expected.notes


def test_accounts_without_events_make_an_empty_log():
    log = event_log_of_columns(["a", "b"], [0, 0], [])
    assert (log.account_count, len(log), log.offsets.tolist()) == (2, 0, [0, 0, 0])
