"""What is told of a plan, of overdue duties; what is not."""

import json
from datetime import UTC, date, datetime

import pyarrow as pa
import pytest
from security_company import DECISION, NOW
from sqlalchemy import select

from kqml.calendar.business_time import DAY_US
from kqml.dataset.tables import SCHEMAS
from kqml.duties import SCHEMA
from kqml.duties.overrides import duty_id
from kqml.playbook import read_playbook
from serve.database.accounts import put_accounts
from serve.database.dataset_info import initialise_info
from serve.database.events import add_events
from serve.database.tables import DECISIONS, OUTBOX
from serve.database.territory import EVERYWHERE
from serve.usecases.notify_overdue import NotifyOverdueRequest, notify_overdue
from serve.usecases.plan_records import store_plan
from serve.webhooks.message_types import MessageKind
from serve.webhooks.overdue import note_overdue, overdue_duties, overdue_messages
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
    (message,) = overdue_messages("w", overdue_duties(table({"duty": "cadence", "channel": "call"}), "2024-W10"))
    assert json.loads(message.payload(NOW)) == {
        "type": "duties.overdue",
        "timestamp": "2024-03-20T00:00:00+00:00",
        "data": {
            "version": 1,
            "page": 1,
            "pages": 1,
            "duties": [
                {
                    "duty_id": duty_id({**DUTY, "duty": "cadence", "channel": "call"}),
                    "week": "2024-W10",
                    "account_id": "a1",
                    "rep_id": "r1",
                    "duty": "cadence",
                    "occasion": None,
                    "channel": "call",
                    "event_id": None,
                    "due_by": "2024-03-01T00:00:00+00:00",
                    "must": True,
                }
            ],
        },
    }


def test_many_overdue_duties_come_in_pages_by_rep_and_account():
    rows = [{"duty": "promise", "account_id": f"a{number:04}", "rep_id": f"r{number % 3}"} for number in range(1514)]
    messages = overdue_messages("w", overdue_duties(table(*rows), "2024-W10"))

    pages = [message.data for message in messages]
    assert [(page["page"], page["pages"], len(page["duties"])) for page in pages] == [
        *((number, 8, 200) for number in range(1, 8)),
        (8, 8, 114),
    ]
    told = [(duty["rep_id"], duty["account_id"]) for page in pages for duty in page["duties"]]
    assert told == sorted((row["rep_id"], row["account_id"]) for row in rows)
    assert len({message.message_id for message in messages}) == 8


def test_a_webhook_is_told_of_a_duty_once_whatever_others_were_told(database, cipher):
    first, second = (
        overdue_duties(table({"duty": "promise", "channel": name}), "2024-W10") for name in ("call", "visit")
    )
    with database.writing() as connection:
        wish = NewWebhook("https://x.example", frozenset({MessageKind.DUTIES_OVERDUE}), "t")
        one, other = (add_webhook(connection, cipher, wish, NOW).webhook_id for _ in range(2))
        assert note_overdue(connection, one, first, NOW) == first
        assert note_overdue(connection, one, first + second, NOW) == second
        assert note_overdue(connection, one, first + second, NOW) == []
        assert note_overdue(connection, other, first + second, NOW) == first + second


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
    assert overdue_duties(table(row), "2024-W10") == []


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


def test_the_nightly_command_tells_of_new_overdue_duties_once(database, cipher):
    promises = [
        {
            **dict.fromkeys(SCHEMAS["events"].names),
            "event_id": f"p{number}",
            "account_id": "a1",
            "kind": "promise_made",
            "occurred_at": NOW - 20 * DAY_US,
            "known_at": NOW - 20 * DAY_US,
            "due_at": NOW - DAY_US + number,
        }
        for number in range(3)
    ]
    account = {**dict.fromkeys(SCHEMAS["accounts"].names), "account_id": "a1", "owner_rep_id": "r1"}
    with database.writing() as connection:
        initialise_info(connection, "UTC")
        put_accounts(connection, [account], NOW, EVERYWHERE)
        add_events(connection, promises, NOW, EVERYWHERE)
        wish = NewWebhook("https://x.example", frozenset({MessageKind.DUTIES_OVERDUE}), "t")
        add_webhook(connection, cipher, wish, NOW)

    question = NotifyOverdueRequest(read_playbook(), None)
    results = [notify_overdue(database, question, NOW + step) for step in (0, 1)]

    assert [result.enqueued for result in results] == [1, 0]
    assert results[0].overdue >= 3
    with database.reading() as connection:
        (payload,) = connection.execute(select(OUTBOX.c.payload)).scalars()
    events = [duty["event_id"] for duty in json.loads(payload)["data"]["duties"] if duty["duty"] == "promise"]
    assert sorted(events) == ["p0", "p1", "p2"]


def test_duties_whose_last_day_is_a_sunday_are_told_on_monday(database, cipher):
    account = {**dict.fromkeys(SCHEMAS["accounts"].names), "account_id": "a1", "owner_rep_id": "r1", "tier": "A"}
    with database.writing() as connection:
        initialise_info(connection, "UTC")
        put_accounts(connection, [{**account, "opened_on": date(2023, 1, 1)}], NOW, EVERYWHERE)
        wish = NewWebhook("https://x.example", frozenset({MessageKind.DUTIES_OVERDUE}), "t")
        add_webhook(connection, cipher, wish, NOW)

    notify_overdue(database, NotifyOverdueRequest(read_playbook(), "2024-04-01T03:30:00+00:00"), NOW + 12 * DAY_US)
    with database.reading() as connection:
        (payload,) = connection.execute(select(OUTBOX.c.payload)).scalars()
    duties = json.loads(payload)["data"]["duties"]
    ended = [duty for duty in duties if duty["due_by"] == "2024-04-01T00:00:00+00:00"]
    assert {(duty["duty"], duty["week"]) for duty in ended} >= {("cadence", "2024-W13")}
