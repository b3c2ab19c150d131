"""Append-only tables stay as they were written, whoever holds the connection."""

import pytest
from sqlalchemy import insert, select, text
from sqlalchemy.exc import DBAPIError

from serve.database.tables import AUDIT_LOG, DECISION_STATES, DECISIONS, DUTIES_DECLARED, ERASING, EVENTS

ROWS = {
    EVENTS: {"account_id": "a", "occurred_at": 1, "event_id": "e", "known_at": 2, "received_at": 2, "kind": "order"},
    DECISIONS: {
        "decision_id": "d",
        "account_id": "a",
        "week": "2024-W01",
        "cutoff": 1,
        "policy": "p",
        "playbook": "b",
        "assigned": "wait",
        "eligible": "[]",
        "blocked": "{}",
        "recorded_at": 1,
    },
    DECISION_STATES: {"decision_id": "d", "number": 0, "state": "recommended", "at": 1, "known_at": 1},
    AUDIT_LOG: {"at": 1, "actor": "k", "action": "read"},
    DUTIES_DECLARED: {
        "duty_id": "f00d",
        "owner": "a",
        "duty": "promise",
        "state": "done",
        "at": 1,
        "known_at": 1,
        "by": "k",
    },
}
COLUMN = {DUTIES_DECLARED: "state", EVENTS: "kind", DECISIONS: "policy", DECISION_STATES: "state", AUDIT_LOG: "action"}


@pytest.fixture
def filled(database):
    with database.writing() as connection:
        for table, row in ROWS.items():
            connection.execute(insert(table), row)
    return database


def contents(database):
    with database.snapshot() as connection:
        return [connection.execute(select(table)).all() for table in ROWS]


@pytest.mark.parametrize("table", ROWS, ids=lambda table: table.name)
@pytest.mark.parametrize("change", ["UPDATE {0} SET {1} = 'x'", "DELETE FROM {0}"])
def test_a_change_is_refused(filled, table, change):
    before = contents(filled)
    statement = text(change.format(table.name, COLUMN[table]))
    with pytest.raises(DBAPIError, match=f"{table.name} is append-only"), filled.writing() as connection:
        connection.execute(statement)
    assert contents(filled) == before


def test_replacing_or_truncating_is_refused(filled, backend):
    before = contents(filled)
    columns = "account_id, occurred_at, event_id, known_at, received_at, kind"
    replaced = f"INSERT OR REPLACE INTO events ({columns}) VALUES ('a', 1, 'e', 3, 3, 'visit')"
    statement = text(replaced if backend == "sqlite" else "TRUNCATE events")
    with pytest.raises(DBAPIError, match="events is append-only"), filled.writing() as connection:
        connection.execute(statement)
    assert contents(filled) == before


def test_an_erasing_transaction_may(filled):
    with filled.writing() as connection:
        connection.execute(insert(ERASING), {"why": "contact left"})
        connection.execute(text("UPDATE events SET attributes = NULL"))
        connection.execute(text("DELETE FROM audit_log"))
        connection.execute(text("DELETE FROM erasing"))
    assert contents(filled)[3] == []
    with pytest.raises(DBAPIError, match="events is append-only"), filled.writing() as connection:
        connection.execute(text("DELETE FROM events"))
