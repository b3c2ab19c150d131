"""Evaluate a policy from logged decisions with known probabilities."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kqml.dataset.folder import read_dataset
from kqml.playbook import Playbook
from models.evaluation.off_policy.decisions import read_decisions
from models.evaluation.off_policy.report import PolicyQuestion, policy_report, policy_report_json

Interval = Mapping[str, float]
"""`value`, `low`, `high`, `error`."""


@dataclass(frozen=True, kw_only=True)
class PolicyEvaluationRequest:
    """A decision log with its dataset. `target`, `against`: `playbook`, an action, or the path of a table;
    `outcome`: margin or retained."""

    log: Path
    dataset: Path
    playbook: Playbook
    target: str
    against: str
    outcome: str
    horizon_days: int
    seed: int
    language: str


@dataclass(frozen=True, kw_only=True)
class PolicyEvaluationResult:
    """The value of a policy with its support, or why it is refused; `values` None: not enough support."""

    target: str
    against: str
    outcome: str
    horizon_days: int
    kappa: list[str]
    rows: int
    logged_rows: int
    uncovered_rows: int
    logged: float
    refused: bool
    why: list[str]
    against_why: list[str]
    reason: str
    support: Mapping[str, float]
    against_support: Mapping[str, float]
    values: Mapping[str, Interval] | None
    against_values: Mapping[str, Interval] | None
    difference: Mapping[str, Interval] | None
    headline: str
    holdout: Mapping[str, Any] | None
    actions: list[Mapping[str, Any]]
    log_check: Mapping[str, Any]
    log: str
    playbook: str


def evaluate_policy(request: PolicyEvaluationRequest) -> PolicyEvaluationResult:
    """Estimate the value of one week of a policy, later weeks being those of the log."""
    question = PolicyQuestion(request.target, request.against, request.outcome, request.horizon_days, request.seed)
    decisions = read_decisions(request.log, read_dataset(request.dataset), request.playbook, request.horizon_days)
    answer = policy_report(decisions, request.playbook, question)
    fields = policy_report_json(answer, request.language)
    return PolicyEvaluationResult(**fields, log=str(request.log), playbook=request.playbook.version)
