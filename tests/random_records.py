"""Accounts with random events, for what reads logs."""

import json

import numpy as np

from kqml.events import KINDS
from kqml.history.sorted_columns import COLUMNS

FIELDS = [None, {"topic": "price"}, {"topic": 5}, {"fields": ["size", 3]}, {"from": "A", "to": "B"}]


def random_records(seed):
    """Accounts with events as a database hands them out: sorted, every column there, some of them empty."""
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


def check_same_log(found, expected):
    """Fails where two logs differ; a column without values may be absent."""
    assert found.accounts.tolist() == expected.accounts.tolist()
    for name in ("offsets", "occurred_at", "known_at", "kind"):
        np.testing.assert_array_equal(getattr(found, name), getattr(expected, name), err_msg=name)
    for name in {*expected.values, *found.values}:
        nothing = np.full(len(expected), np.nan)
        np.testing.assert_array_equal(found.values.get(name, nothing), expected.values.get(name, nothing), err_msg=name)
    for name in {*expected.codes, *found.codes}:
        nothing = np.full(len(expected), -1)
        np.testing.assert_array_equal(found.codes.get(name, nothing), expected.codes.get(name, nothing), err_msg=name)
    np.testing.assert_array_equal(dues(found), dues(expected))
    assert found.notes == expected.notes
    np.testing.assert_array_equal(found.retraction_of(every(found)), expected.retraction_of(every(expected)))


def every(log):
    return np.arange(len(log))


def dues(log):
    return np.full(len(log), np.iinfo(np.int64).max) if log.due_at is None else log.due_at
