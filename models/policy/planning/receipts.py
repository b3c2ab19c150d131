"""Receipts of a week's decisions: the assessment of each account, the rank of every action, the brief."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kqml.contract.claims import ClaimedMoney
from kqml.playbook import Playbook
from models.churn.scoring import Scorer
from models.policy.allocation.problem import WAIT, Flags, Floats
from models.policy.brief.brief import BriefWriter
from models.policy.brief.inputs import BriefInputs
from models.policy.guardrails.rules import blocking_reason
from models.policy.planning.assessment import AccountAssessment, OrderHistory, assess_rows
from models.policy.planning.claims import PlanClaims, plan_evidence
from models.policy.planning.learned_state import LearnedState
from models.policy.planning.plan_summary import recommended_actions
from models.policy.planning.plan_week import PlannedWeek
from models.policy.planning.ranking import RankedActions, rank_actions
from models.policy.planning.week_decision import WeekPlan, reasons_given

Receipt = dict[str, Any]


def build_receipts(planned: PlannedWeek, material: BriefInputs, learned: str | None) -> list[Receipt]:
    """Return one receipt for each decided account, in the plan's order, with its brief where something is recommended.

    `learned`: the fingerprint of the learned state. Sentences are keys with values, rendered by `kqml.messages.coded`.
    """
    plan = planned.plan
    who = np.flatnonzero(plan.decided).tolist()
    given = reasons_given(plan)
    left_out = plan.week.allocation.left_out
    result = assessment_from_receipt(plan.assessment, plan.ranked, plan.actions, who)
    writer = BriefWriter(plan.company, material)
    claims = PlanClaims(plan, planned.evidence)
    evidence = plan_evidence(claims, recommended_actions(plan))
    return [
        {
            "learned": learned,
            "evidence": evidence,
            "effect": _effect(claims, account_index),
            "history": _history(plan.assessment.history, account_index),
            "offer": plan.offers[account_index],
            **assessment,
            "blocked": _blocked(plan, account_index),
            "given_for": str(given[account_index]),
            "left_out": str(left_out[account_index]) or None,
            "brief": _brief(plan, account_index, writer),
        }
        for account_index, assessment in zip(who, result, strict=True)
    ]


def recreate_ranks(
    receipt: Mapping[str, Any],
    features: Sequence[float | None],
    scorer: Scorer,
    learned: LearnedState,
    playbook: Playbook,
) -> dict[str, Any]:
    """Return `score` and `actions` of a receipt from its feature row, model, learned state and playbook.

    The result has the same bits as the original; the data are not read.
    """
    values = np.array([[np.nan if value is None else value for value in features]], dtype=np.float64)
    past = receipt["history"]
    history = OrderHistory(*(np.array([past[name]]) for name in ("trailing", "short", "silent")))
    assessment = assess_rows(scorer, values, history, learned, len(playbook.action_names))
    ranked = rank_actions(assessment, playbook, np.array([receipt["offer"]], dtype=object), learned.top)
    return assessment_from_receipt(assessment, ranked, playbook.action_names, [0])[0]


def assessment_from_receipt(
    assessment: AccountAssessment, ranked: RankedActions, actions: Sequence[str], who: Sequence[int]
) -> list[dict[str, Any]]:
    """Return per account its risk (None without a model) and the rank of each action."""
    numbers = [column.tolist() for column in (assessment.probability, assessment.margin, assessment.at_risk)]
    effect, score, basis = _known(assessment.effect), _known(ranked.score), ranked.basis.tolist()
    return [
        {
            "score": _score([column[index] for column in numbers], assessment, index),
            "actions": {
                name: {"score": score[index][k], "effect_estimate": effect[index][k], "basis": basis[index][k]}
                for k, name in enumerate(actions)
            },
        }
        for index in who
    ]


def _score(numbers: list[float], assessment: AccountAssessment, index: int) -> dict[str, Any] | None:
    if numbers[0] != numbers[0]:  # nobody was judged
        return None
    names = ("churn_probability", "margin", "value_at_risk")
    result = dict(zip(names, numbers, strict=True))
    return {
        **result,
        "band": assessment.band[index],
        "reasons": [reason.as_record() for reason in assessment.reasons[index]],
    }


def _effect(claims: PlanClaims, index: int) -> ClaimedMoney | None:
    """Return the effect of the chosen action with its interval, where it is claimed."""
    result = claims.account_effect(index)
    return None if result is None else result[0].columns()


def _history(history: OrderHistory, index: int) -> dict[str, Any] | None:
    trailing = float(history.trailing[index])
    if np.isnan(trailing):
        return None
    return {"trailing": trailing, "short": bool(history.short[index]), "silent": bool(history.silent[index])}


def _known(values: Floats) -> list[list[float | None]]:
    """Return None for NaN."""
    result: NDArray[np.object_] = values.astype(object)
    missing: Flags = np.isnan(values)
    result[missing] = None
    return list(result.tolist())


def _blocked(plan: WeekPlan, account_index: int) -> dict[str, Any]:
    """Return for each blocked action the sentence that names its guardrail."""
    blocked = np.flatnonzero(~plan.guarded.allowed[account_index]).tolist()
    return {plan.actions[action]: blocking_reason(plan.guarded, account_index, action).as_json() for action in blocked}


def _brief(plan: WeekPlan, account_index: int, writer: BriefWriter) -> dict[str, list[Any]] | None:
    action = int(plan.week.assigned[account_index])
    if action == WAIT:
        return None
    account = str(plan.company.account_ids[account_index])
    return writer.write(account, plan.actions[action], plan.assessment.reasons[account_index]).as_json()
