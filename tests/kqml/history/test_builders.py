"""Event logs from tables and from plain records: the same log, whatever the order of the input."""

from datetime import datetime, timedelta, timezone

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kqml.calendar.business_time import DAY_US
from kqml.errors import Refused
from kqml.events import EventKind
from kqml.history.builders import event_log_from, event_log_of
from kqml.history.event_log import NO_DUE, EventLog, EventNote
from kqml.history.retractions import NEVER

JAN_2 = 1_704_153_600_000_000

records = st.lists(
    st.fixed_dictionaries(
        {
            "event_id": st.integers(0, 10**6).map("e{:07}".format),
            "account_id": st.sampled_from("ABCé"),
            "occurred_at": st.integers(0, 5).map(lambda day: JAN_2 + day * DAY_US),
            "known_at": st.integers(0, 9).map(lambda day: JAN_2 + day * DAY_US),
            "kind": st.sampled_from(["order", "visit", "return"]),
            "amount": st.none() | st.floats(0, 100),
            "rep_id": st.none() | st.sampled_from(["r1", "r2"]),
        }
    ),
    max_size=30,
    unique_by=lambda record: record["event_id"],
)


def table_of(events: list[dict[str, object]]) -> pa.Table:
    schema = pa.schema(
        {
            "event_id": pa.string(),
            "account_id": pa.string(),
            "occurred_at": pa.timestamp("us", "UTC"),
            "known_at": pa.timestamp("us", "UTC"),
            "kind": pa.string(),
            "amount": pa.float64(),
            "rep_id": pa.string(),
        }
    )
    return pa.Table.from_pylist(events, schema=schema)


def rows_of(log: EventLog, reps: bool = True) -> list[tuple[object, ...]]:
    """The log as rows, rep codes compared only by where they are absent."""
    account = log.accounts[log.account]
    amount = np.nan_to_num(log.values["amount"], nan=-1.0) if "amount" in log.values else np.full(len(log), -1.0)
    absent = log.codes["rep_id"] < 0 if "rep_id" in log.codes else np.ones(len(log), bool)
    columns = (account, log.occurred_at, log.known_at, log.kind, amount, absent)
    return list(zip(*(column.tolist() for column in columns), strict=True))


@given(records, st.randoms(use_true_random=False))
def test_the_order_of_the_table_does_not_matter(events, random) -> None:
    shuffled = list(events)
    random.shuffle(shuffled)

    assert rows_of(event_log_from(table_of(shuffled))) == rows_of(event_log_from(table_of(events)))


@given(records)
def test_a_log_is_sorted_by_account_time_and_id(events) -> None:
    log = event_log_from(table_of(events))

    expected = sorted(events, key=lambda event: (event["account_id"], event["occurred_at"], event["event_id"]))
    kinds = [EventKind[event["kind"].upper()].number for event in expected]
    assert log.kind.tolist() == kinds
    assert log.occurred_at.tolist() == [event["occurred_at"] for event in expected]
    assert log.accounts.tolist() == sorted({event["account_id"] for event in events})
    assert log.occurred_at.flags["C_CONTIGUOUS"]


@given(records)
def test_records_make_the_same_log_as_their_table(events) -> None:
    histories: dict[str, list[dict[str, object]]] = {}
    for event in events:
        histories.setdefault(event["account_id"], []).append(event)

    assert rows_of(event_log_of(histories)) == rows_of(event_log_from(table_of(events)))


@pytest.mark.parametrize(
    "moment",
    [
        JAN_2 + 1,
        "2024-01-02T00:00:00.000001Z",
        "2024-01-02T08:00:00.000001+08:00",
        datetime(2024, 1, 2, 8, 0, 0, 1, tzinfo=timezone(timedelta(hours=8))),
    ],
)
def test_an_instant_may_be_given_in_several_ways(moment: object) -> None:
    log = event_log_of({"A": [{"occurred_at": moment, "kind": "order"}]})

    assert log.occurred_at.tolist() == [JAN_2 + 1]


def test_an_event_without_a_record_time_is_known_after_the_lag_of_its_kind() -> None:
    history = [
        {"occurred_at": JAN_2, "kind": "visit"},
        {"occurred_at": JAN_2, "kind": "order"},
        {"occurred_at": JAN_2, "kind": "visit", "known_at": JAN_2 + 5},
    ]

    log = event_log_of({"A": history}, {"visit": 2.0})

    assert (log.known_at - JAN_2).tolist() == [2 * DAY_US, 0, 5]


def test_accounts_without_events_are_there() -> None:
    assert event_log_of({"B": [], "A": []}).offsets.tolist() == [0, 0, 0]
    assert event_log_from(table_of([]), ["B", "A"]).accounts.tolist() == ["A", "B"]


def test_a_kind_that_does_not_exist_is_refused() -> None:
    with pytest.raises(Refused, match=r"events.kind: unknown kind 'ordr'"):
        event_log_from(pa.table({"account_id": ["A"], "occurred_at": [datetime(2024, 1, 1)], "kind": ["ordr"]}))


TIED = [
    {"event_id": "c1", "account_id": "A", "occurred_at": JAN_2, "kind": "complaint"},
    {"event_id": "c2", "account_id": "A", "occurred_at": JAN_2 + 1, "kind": "complaint"},
    {"event_id": "o1", "account_id": "A", "occurred_at": JAN_2 + 2, "kind": "order", "due_at": JAN_2 + 9},
    {"event_id": "r2", "account_id": "A", "occurred_at": JAN_2 + 3, "kind": "complaint_resolved", "ref": "c2"},
    {"event_id": "r3", "account_id": "A", "occurred_at": JAN_2 + 4, "kind": "complaint_resolved", "ref": "c2"},
    {"event_id": "k1", "account_id": "A", "occurred_at": JAN_2 + 5, "kind": "promise_kept", "ref": "c1"},
    {"event_id": "r4", "account_id": "A", "occurred_at": JAN_2 + 6, "kind": "complaint_resolved", "ref": "nobody"},
    {"event_id": "b1", "account_id": "B", "occurred_at": JAN_2, "kind": "complaint"},
    {"event_id": "b2", "account_id": "B", "occurred_at": JAN_2 + 1, "kind": "complaint_resolved", "ref": "c1"},
    {"event_id": "b3", "account_id": "B", "occurred_at": JAN_2 + 2, "kind": "complaint_resolved", "ref": "b1"},
]
"""Two accounts: references within, across accounts, to what its kind does not close, to nothing."""

EVENTS_SCHEMA = pa.schema(
    {
        "event_id": pa.string(),
        "account_id": pa.string(),
        "occurred_at": pa.timestamp("us", "UTC"),
        "kind": pa.string(),
        "due_at": pa.timestamp("us", "UTC"),
        "ref": pa.string(),
        "attributes": pa.string(),
    }
)


def both_logs(events: list[dict[str, object]]) -> tuple[EventLog, EventLog]:
    """The log of a table, the log of the same events as records."""
    histories: dict[str, list[dict[str, object]]] = {}
    for event in events:
        histories.setdefault(str(event["account_id"]), []).append(event)
    return event_log_from(pa.Table.from_pylist(events[::-1], EVENTS_SCHEMA)), event_log_of(histories)


def test_a_reference_ties_an_event_to_the_one_that_it_closes() -> None:
    for log in both_logs(TIED):
        assert log.codes["opens"].tolist() == [-1, 0, -1, -1, -1, -1, -1, 0, -1, -1]
        assert log.codes["closes"].tolist() == [-1, -1, -1, 0, 0, -1, -1, -1, -1, 0]
        assert log.due_at is not None
        assert [due - JAN_2 for due in log.due_at.tolist() if due != NO_DUE] == [9]


def test_a_retraction_ends_what_cutoffs_count_of_an_event_of_its_account() -> None:
    retracting = [
        ("A", 20, "o1"),
        ("A", 15, "o1"),
        ("A", 9, "b1"),
        ("B", 30, "b1"),
        ("B", 31, "x-A-20"),
        ("B", 9, None),
    ]
    retractions: list[dict[str, object]] = [
        {"event_id": f"x-{a}-{day}", "account_id": a, "occurred_at": JAN_2 + day, "kind": "event_retracted", "ref": ref}
        for a, day, ref in retracting
    ]
    for log in both_logs([*TIED, *retractions]):
        until = log.retraction_of(np.arange(len(log)))
        hidden = {int(place): int(until[place]) - JAN_2 for place in np.flatnonzero((until != NEVER) & (until > 0))}
        assert hidden == {2: 15, 10: 30}
        assert (until[log.kind == EventKind.EVENT_RETRACTED.number] < 0).all()
        assert log.visible_before(JAN_2 + 15)[2]
        assert not log.visible_before(JAN_2 + 16)[2]
        assert len(log.settled()) == len(TIED) - 2


def test_notes_keep_the_topic_and_the_names_of_fields_alone() -> None:
    asked = '{"topic": "price", "text": "he was angry"}'
    events: list[dict[str, object]] = [
        {"account_id": "A", "occurred_at": JAN_2, "kind": "help_asked", "attributes": asked},
        {"account_id": "A", "occurred_at": JAN_2 + 1, "kind": "order", "attributes": asked},
        {"account_id": "A", "occurred_at": JAN_2 + 2, "kind": "card_updated", "attributes": '{"fields": ["size", 3]}'},
        {"account_id": "A", "occurred_at": JAN_2 + 3, "kind": "help_asked", "attributes": '{"topic": "price"}'},
        {"account_id": "A", "occurred_at": JAN_2 + 4, "kind": "help_asked"},
        {"account_id": "A", "occurred_at": JAN_2 + 5, "kind": "help_asked", "attributes": "[]"},
    ]
    for log in both_logs(events):
        assert log.codes["note"].tolist() == [0, -1, 1, 0, -1, -1]
        assert log.notes == (EventNote("price"), EventNote(None, ("size",)))
