"""Next actions as the contract holds them, from their plan and its rows of decisions."""

from collections.abc import Mapping
from typing import Any, cast

import numpy as np
import orjson

from kqml.contract.claims import ClaimedMoney
from kqml.contract.decisions import WeekDecision
from kqml.contract.next_actions import Alternative, BlockedAction, CodedText, NextAction, RepHours
from kqml.contract.scores import ReasonOut
from kqml.messages import text
from models.policy.guardrails.rules import RULES, blocking_reason
from models.policy.planning.claims import PlanClaims, evidence_text
from models.policy.planning.next_action import DECIDED_BEFORE, EarlierDecision
from models.policy.planning.week_decision import WeekPlan
from serve.usecases.next_action_plans import PlannedNextActions
from serve.usecases.plan_records import PlanRecord
from serve.usecases.rendered_texts import rendered_brief, rendered_reasons

Row = Mapping[str, Any]


def next_action_results(plan: PlannedNextActions, record: PlanRecord, language: str) -> dict[str, NextAction]:
    """Return the next action of each account of a plan, or why there is none for those not active at the cutoff."""
    week = plan.actions.planned.plan
    claims = PlanClaims(week, plan.actions.planned.evidence)
    decided = np.flatnonzero(week.decided).tolist()
    results = {name: no_action(name, "closed", language) for name in week.company.account_ids.tolist()}
    for index, row in zip(decided, record.decisions, strict=True):
        results[row["account_id"]] = _next_action(plan, claims, index, row, language)
    return results


def _next_action(plan: PlannedNextActions, claims: PlanClaims, index: int, row: Row, language: str) -> NextAction:
    week, receipt = plan.actions.planned.plan, orjson.loads(row["receipt"])
    score = receipt["score"] or {**dict.fromkeys(("churn_probability", "band", "value_at_risk")), "reasons": []}
    chosen, evidence = int(week.week.assigned[index]), receipt["evidence"]
    earlier = plan.so_far.earlier.get(row["account_id"])
    minutes, stops, money = plan.actions.room[index].tolist()
    return NextAction(
        account_id=row["account_id"],
        churn_probability=score["churn_probability"],
        band=score["band"],
        reasons=cast(list[ReasonOut], rendered_reasons(score["reasons"], language)),
        value_at_risk=score["value_at_risk"],
        action=row["assigned"],
        urgency=plan.actions.urgency[index],
        because=_because(row["reason"], receipt["left_out"], language),
        value=_value(claims, index, chosen),
        basis=week.ranked.basis[index, chosen],
        evidence=CodedText(code=evidence["code"], text=evidence_text(evidence, language)),
        probability=None if row["reason"] in DECIDED_BEFORE else row["probability"],
        brief=rendered_brief(receipt, language),
        notes=[],
        alternatives=_alternatives(week, claims, index),
        blocked=_blocked(week, index, language),
        rep=RepHours(rep_id=row["rep_id"], minutes=minutes, stops=stops, money=money),
        decision=None if earlier is None else _week_decision(earlier),
        warnings=[],
        decision_id=None,
    )


def _week_decision(earlier: EarlierDecision) -> WeekDecision:
    return WeekDecision(decision_id=earlier.decision_id, action=earlier.action, state=cast(Any, earlier.state))


def _because(given_for: str, left_out: str | None, language: str) -> CodedText:
    code, part = (left_out, "reasons_left") if given_for == "nothing" and left_out else (given_for, "given_for")
    return CodedText(code=code, text=text(f"plan.{part}.{code}", language))


def _value(claims: PlanClaims, index: int, action: int) -> ClaimedMoney | None:
    result = claims.action_value(index, action)
    return None if result is None else result.columns()


def _alternatives(plan: WeekPlan, claims: PlanClaims, index: int) -> list[Alternative]:
    """The other allowed actions, the one that ranks highest first."""
    allowed, chosen = plan.guarded.allowed[index], int(plan.week.assigned[index])
    order = np.argsort(-plan.problem.value[index], kind="stable").tolist()
    return [
        Alternative(
            action=plan.actions[action],
            value=_value(claims, index, action),
            basis=plan.ranked.basis[index, action],
        )
        for action in order
        if allowed[action] and action != chosen
    ]


def _blocked(plan: WeekPlan, index: int, language: str) -> list[BlockedAction]:
    return [
        BlockedAction(
            action=plan.actions[action],
            rule=RULES[int(plan.guarded.rule[index, action])],
            text=blocking_reason(plan.guarded, index, action).text(language),
        )
        for action in np.flatnonzero(~plan.guarded.allowed[index]).tolist()
    ]


def without_rep(results: dict[str, NextAction], language: str) -> dict[str, NextAction]:
    """Return the results without the week of a rep, which a request does not tell, and with a warning that says so."""
    warning = text("plan.next.rep_unknown", language)
    return {name: {**result, "rep": None, "warnings": [warning]} for name, result in results.items()}


def no_action(account_id: str, code: str, language: str) -> NextAction:
    """Return that no action may be recommended for an account, with a code of the messages `plan.not_decided`."""
    nothing = dict.fromkeys(NextAction.__annotations__)
    because = CodedText(code=code, text=text(f"plan.not_decided.{code}", language))
    lists: dict[str, Any] = {name: [] for name in ("reasons", "alternatives", "blocked", "notes", "warnings")}
    return cast(NextAction, {**nothing, **lists, "account_id": account_id, "because": because})
