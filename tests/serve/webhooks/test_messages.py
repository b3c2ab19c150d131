"""What is told of a plan, of overdue duties; what is not."""

import json
from datetime import UTC, datetime

import pyarrow as pa
import pytest
from security_company import DECISION, NOW
from sqlalchemy import select

from kqml.duties import SCHEMA
from serve.database.tables import DECISIONS, OUTBOX
from serve.usecases.plan_records import store_plan
from serve.webhooks.message_types import MessageKind
from serve.webhooks.overdue import overdue_messages
from serve.webhooks.records import NewWebhook, add_webhook

DUE = datetime(2024, 3, 1, tzinfo=UTC)
DUTY = dict.fromkeys(SCHEMA.names) | {
    "account_id": "a1",
    "rep_id": "r1",
    "state": "overdue",
    "due_by": DUE,
    "must": True,
}


def table(*rows):
    return pa.Table.from_pylist([{**DUTY, **row} for row in rows], schema=SCHEMA)


def test_an_overdue_duty_is_told_with_what_tells_it_from_others():
    calls, visits = overdue_messages(
        table({"duty": "cadence", "channel": "call"}, {"duty": "cadence", "channel": "visit"})
    )
    assert calls.message_id != visits.message_id
    assert dict(calls.data) == {
        "account_id": "a1",
        "rep_id": "r1",
        "duty": "cadence",
        "occasion": None,
        "channel": "call",
        "event_id": None,
        "due_by": "2024-03-01T00:00:00+00:00",
        "must": True,
    }


@pytest.mark.parametrize(
    "row",
    [
        {"duty": "birthday"},
        {"duty": "milestone"},
        {"duty": "misfortune"},
        {"duty": "promise", "state": "due"},
        {"duty": "promise", "state": "done"},
        {"duty": "promise", "state": "waived"},
        {"duty": "trainings", "account_id": None},
    ],
)
def test_what_is_personal_not_late_or_of_no_account_is_not_told(row):
    assert list(overdue_messages(table(row))) == []


def test_a_plan_is_kept_and_told_per_rep_and_week(database, cipher):
    rows = [
        {**DECISION, "decision_id": f"d{place}", "account_id": f"a{place}", "rep_id": rep}
        for place, rep in enumerate(["r1", "r1", "r2"])
    ]
    with database.writing() as connection:
        add_webhook(
            connection, cipher, NewWebhook("https://x.example", frozenset({MessageKind.PLAN_CREATED}), "t"), NOW
        )
        store_plan(connection, rows, NOW)
    with database.reading() as connection:
        told = [json.loads(row)["data"] for row in connection.execute(select(OUTBOX.c.payload)).scalars()]
        assert len(connection.execute(select(DECISIONS)).all()) == 3
    assert sorted((one["rep_id"], one["week"], one["decisions"]) for one in told) == [
        ("r1", "2024-W12", 2),
        ("r2", "2024-W12", 1),
    ]
