"""Rows of a plan for accounts whose week was decided elsewhere, from their stored decisions."""

from collections.abc import Mapping, Sequence
from typing import Any, cast

import orjson
import pandas as pd

from models.policy.allocation.problem import RESOURCES, WAIT
from models.policy.planning.claims import MoneyInterval
from models.policy.planning.plan_summary import PlanReason, PlanRow, RepWeek, account_names
from models.policy.planning.week_decision import WeekPlan
from models.value.net import costs
from serve.usecases.rendered_texts import rendered_receipt

Row = Mapping[str, Any]

CLOSED = ("rejected", "withdrawn", "failed")
"""States of decisions whose action is not in the plan any more."""


def stored_plan_rows(decisions: Sequence[Row], plan: WeekPlan, language: str, rep: str | None = None) -> list[PlanRow]:
    """Return the rows of the newest decision of each account that recommends something, of one rep or of all.
    `decisions`: the earliest first."""
    latest = {row["account_id"]: row for row in decisions if rep in (None, row["rep_id"])}
    index, names = pd.Index(plan.company.account_ids), account_names(plan)
    recommending = [
        row for row in latest.values() if row["assigned"] in plan.actions[WAIT + 1 :] and row["state"] not in CLOSED
    ]
    indices = index.get_indexer(pd.Index([row["account_id"] for row in recommending], dtype=object)).tolist()
    return [
        _plan_row(row, plan, account, names[account], language)
        for row, account in zip(recommending, indices, strict=True)
        if account >= 0
    ]


def in_plan_order(rows: Sequence[PlanRow]) -> list[PlanRow]:
    """Return rows by rep, required actions first, then value at risk."""
    return sorted(rows, key=lambda row: (row["rep_id"], row["given_for"] != "must", -(row["value_at_risk"] or 0.0)))


def _plan_row(row: Row, plan: WeekPlan, account: int, name: str | None, language: str) -> PlanRow:
    receipt = rendered_receipt(orjson.loads(row["receipt"]), language)
    action, score = plan.actions.index(row["assigned"]), receipt["score"] or {}
    cost = plan.problem.cost[account, action]
    spent = float(costs(cost, plan.company.playbook.minute_cost))
    effect = receipt["effect"]
    resources = dict(zip(RESOURCES, cost.tolist(), strict=True))
    return cast(
        PlanRow,
        {
            "account_id": row["account_id"],
            "name": name,
            "rep_id": row["rep_id"],
            "tier": plan.situation.tier[account] or None,
            "action": row["assigned"],
            "given_for": row["reason"],
            **resources,
            **{key: score.get(key) for key in ("churn_probability", "band", "value_at_risk")},
            "effect": effect,
            "net_value": None if effect is None else MoneyInterval(**effect).plus(-spent).columns(),
            "basis": receipt["actions"][row["assigned"]]["basis"],
            "probability": row["probability"],
            "reasons": [_reason(reason) for reason in score.get("reasons", ())],
            "brief": receipt["brief"],
        },
    )


def _reason(reason: Row) -> PlanReason:
    return {"code": reason["code"], "direction": reason["direction"], "text": reason["text"]}


def stored_rep_weeks(
    rows: Sequence[PlanRow], decisions: Sequence[Row], plan: WeekPlan, rep: str | None = None
) -> list[RepWeek]:
    """Return the week of each rep whom the plan leaves out, by its stored decisions."""
    planned = {plan.company.rep_ids[owner] for owner in set(plan.company.owner[plan.decided].tolist())}
    reps = {row["rep_id"] for row in decisions} & set(plan.company.rep_ids) - planned
    return [
        _rep_week(name, [row for row in rows if row["rep_id"] == name], decisions, plan)
        for name in sorted(reps)
        if rep in (None, name)
    ]


def _rep_week(rep: str, rows: Sequence[PlanRow], decisions: Sequence[Row], plan: WeekPlan) -> RepWeek:
    capacity = plan.problem.capacity[plan.company.rep_ids.index(rep)].tolist()
    taken = [sum(row["minutes"] for row in rows), sum(row["stops"] for row in rows), sum(row["money"] for row in rows)]
    used = {name: [own, limit] for name, own, limit in zip(RESOURCES, taken, capacity, strict=True)}
    return cast(
        RepWeek,
        {
            "rep_id": rep,
            "accounts": len({row["account_id"] for row in decisions if row["rep_id"] == rep}),
            "recommended": len(rows),
            **used,
            "overflows": any(own > limit for own, limit in used.values()),
            "slot_price": None,
        },
    )
