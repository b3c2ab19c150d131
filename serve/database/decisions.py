"""Decisions, written once, followed by states in a fixed order."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, insert, select

from serve.database.tables import DECISION_STATES, DECISIONS
from serve.database.territory import Territory

Row = Mapping[str, Any]

FOLLOWS: Mapping[str, tuple[str, ...]] = {
    "recommended": ("accepted", "scheduled", "done", "failed", "rejected"),
    "accepted": ("scheduled", "done", "failed", "rejected"),
    "scheduled": ("scheduled", "done", "failed", "rejected"),
    "done": ("verified", "outcome"),
    "failed": ("outcome",),
    "verified": ("outcome",),
    "rejected": ("outcome",),
    "withdrawn": ("done", "outcome"),
    "outcome": (),
}
"""State → the states that may be reported next. A rep may act without accepting first. A visit may be rescheduled or
still be rejected with a reason; an outcome may be measured for rejected actions too. The service itself withdraws
decisions that are OPEN; whoever carries one out all the same reports it as done."""

EVENT_RETRACTED = "event_retracted"
"""The reason of the state to which a decision returns whose contact was retracted."""

OPEN = ("recommended", "accepted", "scheduled")
"""States of a decision whose action is still to be done."""

FIRST = "recommended"
OF_STATE = ("reason", "by")
NEEDS_REASON = ("rejected", "failed")
NEEDS_OUTCOME = ("outcome",)


class IllegalTransition(Exception):
    """A state that cannot follow the present one."""

    def __init__(self, present: str, request: str) -> None:
        super().__init__(f"{request} after {present}")
        self.present = present
        self.requested = request


def add_decisions(connection: Connection, rows: Sequence[Row], now: int) -> None:
    """Write decisions with the state `recommended`. Rows have the columns of `decisions`; lists and mappings are JSON
    text. A row may also have the `reason` of the recommendation and the name of its author (`by`)."""
    if not rows:
        return
    facts = [{name: value for name, value in row.items() if name not in OF_STATE} for row in rows]
    connection.execute(insert(DECISIONS), [{**row, "recorded_at": now} for row in facts])
    states = [
        {
            "decision_id": row["decision_id"],
            "number": 0,
            "state": FIRST,
            "at": row["cutoff"],
            "known_at": now,
            "action": row["assigned"],
            "reason": row.get("reason"),
            "by": row.get("by"),
        }
        for row in rows
    ]
    connection.execute(insert(DECISION_STATES), states)


def withdraw_decisions(connection: Connection, ids: Sequence[str], reason: str, by: str, now: int) -> list[str]:
    """Append the state `withdrawn` to those of the decisions that are still open; return their ids. `reason`: a code of
    `serve.usecases.week_changes`."""
    withdrawn = []
    for decision_id in ids:
        lock_decision(connection, decision_id)
        states = read_states(connection, decision_id)
        if states and states[-1]["state"] in OPEN:
            append_state(connection, decision_id, {"state": "withdrawn", "at": now, "reason": reason, "by": by}, now)
            withdrawn.append(decision_id)
    return withdrawn


def read_decision(connection: Connection, decision_id: str, territory: Territory) -> Row | None:
    """Return a decision with its `states`, the earliest first; None where it does not exist in the territory."""
    request = select(DECISIONS).where(DECISIONS.c.decision_id == decision_id, territory.of("decisions"))
    rows = connection.execute(request).mappings().first()
    if rows is None:
        return None
    return {**rows, "states": read_states(connection, decision_id)}


def read_states(connection: Connection, decision_id: str) -> list[Row]:
    """Return the states of a decision, the earliest first."""
    request = select(DECISION_STATES).where(DECISION_STATES.c.decision_id == decision_id)
    return [dict(row) for row in connection.execute(request.order_by(DECISION_STATES.c.number)).mappings()]


def add_state(connection: Connection, decision_id: str, state: Row, now: int) -> Row:
    """Append a state to an existing decision; return its row. Raises IllegalTransition."""
    lock_decision(connection, decision_id)
    states = read_states(connection, decision_id)
    present = states[-1]["state"] if states else FIRST
    if state["state"] not in FOLLOWS[present]:
        raise IllegalTransition(present, state["state"])
    return append_state(connection, decision_id, state, now)


def lock_decision(connection: Connection, decision_id: str) -> None:
    """Let other transactions that change the states of a decision wait; SQLite has one writer anyway."""
    locked = select(DECISIONS.c.decision_id).where(DECISIONS.c.decision_id == decision_id).with_for_update()
    connection.execute(locked)


def append_state(connection: Connection, decision_id: str, state: Row, now: int) -> Row:
    """Append a state of the service's own to a decision, whatever its present state; return its row."""
    number = len(read_states(connection, decision_id))
    empty = dict.fromkeys(column.name for column in DECISION_STATES.columns)
    row = {**empty, **state, "decision_id": decision_id, "number": number, "known_at": now}
    connection.execute(insert(DECISION_STATES), row)
    return row
