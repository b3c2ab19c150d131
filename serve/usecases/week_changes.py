"""Changes of the running week beside new decisions: earlier ones are withdrawn, optional actions postponed."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import orjson
from sqlalchemy import Connection

from models.policy.allocation.problem import WAIT, Actions
from models.policy.planning.company import Company, capacities
from models.policy.planning.decision_rows import decision_ids
from models.policy.planning.next_action import NEXT_POLICY, OVER, EarlierDecision
from models.policy.planning.postponement import BookedAction, actions_to_postpone
from serve.database.decisions import OPEN, add_decisions, withdraw_decisions
from serve.database.plans import week_of_accounts, week_of_rep
from serve.database.tables import DECISIONS
from serve.database.territory import EVERYWHERE
from serve.usecases.track_decisions import stored_receipt
from serve.webhooks.message_types import Message, plan_changed, plan_withdrawn

Row = Mapping[str, Any]

REPLACED, REP_CHANGED, CLOSED, NO_ROOM = "replaced", "rep_changed", "account_closed", "no_room"
"""Why a decision is withdrawn: another decision about the account replaces it, another rep looks after the account, the
account is no longer active, a required action takes its time."""

POSTPONED = "postponed"
"""Why an account gets `wait` whose action made room for a required one."""


def withdraw_replaced(
    connection: Connection, rows: Sequence[Row], earlier: Mapping[str, EarlierDecision], now: int
) -> None:
    """Withdraw the open decisions that new ones (`rows`) replace. `earlier`: by account."""
    for row in rows:
        before = earlier.get(row["account_id"])
        if before is not None:
            reason = REPLACED if before.rep_id == row["rep_id"] else REP_CHANGED
            withdraw_decisions(connection, [before.decision_id], reason, row["by"], now)


def withdraw_closed(connection: Connection, accounts: Sequence[str], week: str, by: str, now: int) -> list[Message]:
    """Withdraw the open decisions of a week, required ones too, about accounts that are no longer active; return the
    messages about them."""
    rows = {row["decision_id"]: row for row in week_of_accounts(connection, accounts, week, EVERYWHERE)}
    withdrawn = withdraw_decisions(connection, list(rows), CLOSED, by, now)
    return [plan_withdrawn(rows[decision_id], CLOSED) for decision_id in withdrawn]


def postpone_optional(connection: Connection, company: Company, fresh: Sequence[Row], now: int) -> list[Message]:
    """Postpone the least valuable optional actions of reps whose week the required ones among new decisions (`fresh`)
    overfill; return the messages about them.

    Accepted, scheduled and finished actions stay. Each postponed one is withdrawn and replaced by a decision to wait,
    which names it and the required decisions that it makes room for.
    """
    required: dict[str, list[Row]] = {}
    for row in fresh:
        if row["must"]:
            required.setdefault(row["rep_id"], []).append(row)
    messages: list[Message] = []
    for rep, causes in required.items():
        rows = {row["decision_id"]: row for row in week_of_rep(connection, rep, company.week_name, EVERYWHERE)}
        booked = _booked(company, rows.values(), {row["decision_id"] for row in fresh})
        capacity = capacities(company)[company.rep_ids.index(rep)].tolist()
        postponed = [rows[action.decision_id] for action in actions_to_postpone(booked, capacity)]
        withdraw_decisions(connection, [row["decision_id"] for row in postponed], NO_ROOM, causes[0]["by"], now)
        waits = [_wait(company, row, causes) for row in postponed]
        add_decisions(connection, waits, now)
        messages += [plan_changed(wait, row["decision_id"]) for wait, row in zip(waits, postponed, strict=True)]
    return messages


def _booked(company: Company, rows: Iterable[Row], fresh: set[str]) -> list[BookedAction]:
    """Return what takes the rep's time in the week: open and finished actions."""
    actions = Actions.of(company.playbook)
    cost = dict(zip(actions.names, actions.cost.tolist(), strict=True))
    return [
        BookedAction(
            decision_id=row["decision_id"],
            cost=tuple(cost.get(row["assigned"], (0.0, 0.0, 0.0))),
            value=_score(row),
            movable=row["state"] == "recommended" and not row["must"] and row["decision_id"] not in fresh,
            explored=bool(row["explored"]),
        )
        for row in rows
        if row["state"] in (*OPEN, *OVER)
    ]


def _score(row: Row) -> float:
    receipt = stored_receipt(row) or {}
    return float(receipt.get("actions", {}).get(row["assigned"], {}).get("score") or 0.0)


def _wait(company: Company, row: Row, causes: Sequence[Row]) -> dict[str, Any]:
    """Return the decision to wait in place of a postponed one: it is certain, so nothing is learned from it."""
    key = f"{company.week_name} {company.cutoff} {POSTPONED}"
    receipt = {
        "replaces": row["decision_id"],
        "makes_room_for": [cause["decision_id"] for cause in causes],
        **(stored_receipt(row) or {}),
        "given_for": POSTPONED,
        "left_out": NO_ROOM,
        "effect": None,
        "brief": None,
    }
    return {
        **{column.name: row[column.name] for column in DECISIONS.columns if column.name != "recorded_at"},
        "decision_id": str(decision_ids(np.array([row["account_id"]], dtype=object), key)[0]),
        "cutoff": company.cutoff,
        "policy": NEXT_POLICY,
        "assigned": company.playbook.action_names[WAIT],
        "probability": 1.0,
        "explored": False,
        "must": False,
        "evaluable": False,
        "receipt": orjson.dumps(receipt).decode(),
        "reason": POSTPONED,
        "by": causes[0]["by"],
    }
