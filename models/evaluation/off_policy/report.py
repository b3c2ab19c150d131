"""The report of `kqml evaluate policy`."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from kqml.errors import BadUse, Fault
from kqml.messages import text
from kqml.playbook import Playbook
from models.evaluation.off_policy.action_effects import AssignmentEffect, action_effects
from models.evaluation.off_policy.clustering import PolicyEstimate
from models.evaluation.off_policy.decisions import EvaluableRows, LoggedDecisions, evaluable_rows, regression_of
from models.evaluation.off_policy.evaluation import HEADLINE, PolicyEvaluation, evaluate_policy, logged_policy_value
from models.evaluation.off_policy.holdout import HoldoutContrast, holdout_contrast
from models.evaluation.off_policy.own_policy import own_policy
from models.evaluation.off_policy.randomised_rows import Flags, Floats
from models.evaluation.off_policy.report_columns import (
    ActionEffectColumns,
    ContrastColumns,
    DisagreementColumns,
    EstimateColumns,
    FaultColumns,
    LogCheckColumns,
    SupportColumns,
)
from models.evaluation.off_policy.support import LEAST_EFFECTIVE, MEAN_WEIGHT, PolicySupport
from models.evaluation.off_policy.target_file import read_target
from models.evaluation.off_policy.targets import KQML, PLAYBOOK, target_named
from models.uplift.contrasts import mean_columns
from models.uplift.log_check import LogCheck, check_log


@dataclass(frozen=True)
class PolicyQuestion:
    """`target`, `against`: `kqml`, `playbook`, an action, or the path of a table. `outcome`: margin or retained."""

    target: str
    against: str
    outcome: str
    horizon_days: int
    seed: int = 0


@dataclass(frozen=True)
class PolicyReport:
    """`rows`: those evaluated; `uncovered`: usable ones that a target's table does not contain. `actions`: effects of
    each action; `check`: whether effects can be learned from the log."""

    question: PolicyQuestion
    kappa: tuple[str, ...]
    rows: int
    logged_rows: int
    uncovered: int
    logged: float
    evaluation: PolicyEvaluation
    holdout: HoldoutContrast | None
    actions: tuple[AssignmentEffect, ...]
    check: LogCheck


def policy_report(decisions: LoggedDecisions, playbook: Playbook, question: PolicyQuestion) -> PolicyReport:
    """Evaluate the target on the usable rows of the log. Raises Refused where the log has none."""
    usable = evaluable_rows(decisions, question.outcome)
    probabilities, covered = zip(
        *(_target(name, decisions, playbook, usable) for name in (question.target, question.against)), strict=True
    )
    both: Flags = covered[0] & covered[1]
    if not both.any():
        raise _nothing_in_common(question, usable)
    rows = usable.where(both)
    regression = regression_of(decisions, rows, question.seed)
    return PolicyReport(
        question=question,
        kappa=decisions.policies,
        rows=len(rows.randomised),
        logged_rows=len(decisions.data),
        uncovered=int((~both).sum()),
        logged=logged_policy_value(rows.randomised),
        evaluation=evaluate_policy(rows.randomised, probabilities[0][both], probabilities[1][both], regression),
        holdout=_holdout(decisions, playbook, question.outcome),
        actions=action_effects(usable),
        check=check_log(decisions.data),
    )


def _nothing_in_common(question: PolicyQuestion, usable: EvaluableRows) -> BadUse:
    what = f"{question.target} and {question.against} have none of the {len(usable.randomised)} decisions in common"
    todo = "give two tables of the same accounts and weeks"
    return BadUse("The policies cannot be compared.", [Fault("--target, --against", what, todo)])


def _target(name: str, decisions: LoggedDecisions, playbook: Playbook, rows: EvaluableRows) -> tuple[Floats, Flags]:
    if name == KQML:
        return own_policy(decisions, rows, playbook), np.ones(len(rows.randomised), dtype=bool)
    if name == PLAYBOOK or name in playbook.action_names or not Path(name).suffix:
        known = target_named(name, playbook, rows.tier, rows.randomised.eligible)
        return known, np.ones(len(rows.randomised), dtype=bool)
    return read_target(Path(name), rows)


def _holdout(decisions: LoggedDecisions, playbook: Playbook, outcome: str) -> HoldoutContrast | None:
    """Return the contrast against the holdout; None where the log has none, or a small one."""
    data = decisions.data
    mature = data.outcomes.mature
    if not data.holdout.any():
        return None
    done = np.where(data.executed >= 0, data.executed, data.action)
    minutes = np.array([action.minutes for action in playbook.actions])[done]
    values = data.outcomes.margin if outcome == "margin" else data.outcomes.retained
    return holdout_contrast(
        data.rows.account[mature].astype(np.int64),
        decisions.rep[mature],
        data.holdout[mature],
        values[mature],
        minutes[mature],
    )


def policy_report_json(answer: PolicyReport, language: str) -> dict[str, Any]:
    """Return the report as JSON values, with sentences in `language`."""
    result, question = answer.evaluation, answer.question
    return {
        "target": question.target,
        "against": question.against,
        "outcome": question.outcome,
        "horizon_days": question.horizon_days,
        "kappa": list(answer.kappa),
        "rows": answer.rows,
        "logged_rows": answer.logged_rows,
        "uncovered_rows": answer.uncovered,
        "logged": answer.logged,
        "refused": result.refused,
        "why": list(result.target.support.faults),
        "against_why": list(result.against.support.faults),
        "reason": refusal_reason(answer, language),
        "support": _support(result.target.support),
        "against_support": _support(result.against.support),
        "values": _estimates(result.target.values),
        "against_values": _estimates(result.against.values),
        "difference": _estimates(result.difference),
        "headline": result.headline,
        "disagreement": _disagreement(result),
        "holdout": None if answer.holdout is None else _contrast(answer.holdout),
        "actions": [_action(action) for action in answer.actions],
        "log_check": _check(answer.check),
    }


def refusal_reason(answer: PolicyReport, language: str) -> str:
    """Return one sentence: the value with its interval, or why there is none."""
    result = answer.evaluation
    if result.refused:
        return _refusal(answer.question.target, result.target.support, language)
    message = text(f"offpolicy.{_verdict(result)}", language, **_describe(answer))
    if result.difference is not None:
        return message
    return f"{message} {_refusal(answer.question.against, result.against.support, language)}"


def _refusal(name: str, support: PolicySupport, language: str) -> str:
    """Return the first broken rule of support, with its numbers."""
    limits = {"least": LEAST_EFFECTIVE, "low": MEAN_WEIGHT[0], "high": MEAN_WEIGHT[1]}
    numbers = {"effective": support.effective, "mean": support.mean_weight, **limits}
    return text(f"offpolicy.refused.{support.faults[0]}", language, target=name, **numbers)


def _verdict(result: PolicyEvaluation) -> str:
    if result.difference is None:
        return "alone"
    if result.disagrees:
        return "disagree"
    gain = result.difference[result.headline]
    return "better" if gain.low > 0 else "worse" if gain.high < 0 else "unclear"


def _describe(answer: PolicyReport) -> dict[str, object]:
    question, result = answer.question, answer.evaluation
    assert result.target.values is not None
    value = result.target.values[HEADLINE]
    gain = result.difference[result.headline] if result.difference else value
    names = {"target": question.target, "against": question.against, "kappa": ", ".join(answer.kappa) or "?"}
    numbers: dict[str, object] = {"value": value.value, "gain": gain.value, "low": gain.low, "high": gain.high}
    if result.disagrees and result.difference is not None and result.disagreement is not None:
        robust = result.difference[HEADLINE]
        bounds = {"robust": robust.value, "robust_low": robust.low, "robust_high": robust.high}
        numbers |= {**bounds, "p_value": result.disagreement.p_value}
    return {**names, **numbers}


def _support(support: PolicySupport) -> SupportColumns:
    return SupportColumns(
        rows=support.rows,
        used_rows=support.used,
        effective_rows=support.effective,
        mean_weight=support.mean_weight,
        largest_weight=support.largest_weight,
        unsupported_share=support.unsupported,
    )


def _estimates(result: Mapping[str, PolicyEstimate] | None) -> dict[str, EstimateColumns] | None:
    return None if result is None else {name: _estimate(estimate) for name, estimate in result.items()}


def _disagreement(result: PolicyEvaluation) -> DisagreementColumns | None:
    apart = result.disagreement
    if apart is None:
        return None
    return DisagreementColumns(**_estimate(apart), p_value=apart.p_value, beyond_chance=result.disagrees)


def _estimate(estimate: PolicyEstimate) -> EstimateColumns:
    return EstimateColumns(value=estimate.value, low=estimate.low, high=estimate.high, error=estimate.error)


def _action(effect: AssignmentEffect) -> ActionEffectColumns:
    return ActionEffectColumns(
        action=effect.action,
        assigned=mean_columns(effect.assigned),
        uptake=None if effect.uptake is None else mean_columns(effect.uptake),
        complier=None if effect.complier is None else mean_columns(effect.complier),
    )


def _check(check: LogCheck) -> LogCheckColumns:
    return LogCheckColumns(
        basis=check.basis,
        mature_rows=check.mature,
        learnable_rows=check.learnable,
        randomised_rows=check.randomised,
        censored_share=check.censored,
        warnings=[FaultColumns(where=fault.where, what=fault.what, todo=fault.todo) for fault in check.faults],
    )


def _contrast(result: HoldoutContrast) -> ContrastColumns:
    return ContrastColumns(
        accounts=result.accounts,
        held_out=result.held_out,
        effect=_estimate(result.effect),
        minutes=_estimate(result.minutes),
        equal_hours=result.equal_hours,
    )
