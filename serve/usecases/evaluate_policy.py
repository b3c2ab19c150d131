"""Evaluate a policy from logged decisions with known probabilities."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from kqml.contract.fields import Count, NumberOrNaN, PlaybookVersion, SchemaKeyword
from kqml.dataset.folder import read_dataset
from kqml.playbook import Playbook
from models.evaluation.off_policy.decisions import read_decisions
from models.evaluation.off_policy.report import PolicyQuestion, policy_report, policy_report_json
from models.evaluation.off_policy.report_columns import (
    ActionEffectColumns,
    ContrastColumns,
    DifferenceColumns,
    DisagreementColumns,
    EstimatorColumns,
    LogCheckColumns,
    SupportColumns,
)

RefusalCode = Annotated[str, SchemaKeyword("enum", ("few_rows", "mean_weight"))]


@dataclass(frozen=True, kw_only=True)
class PolicyEvaluationRequest:
    """A decision log with its dataset. `target`, `against`: `kqml`, `playbook`, an action, or the path of a table;
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
    outcome: Annotated[str, SchemaKeyword("enum", ("margin", "retained"))]
    horizon_days: Count
    kappa: list[str]
    rows: Count
    logged_rows: Count
    uncovered_rows: Count
    logged: NumberOrNaN
    refused: bool
    why: list[RefusalCode]
    against_why: list[RefusalCode]
    reason: str
    support: SupportColumns
    against_support: SupportColumns
    values: EstimatorColumns | None
    against_values: EstimatorColumns | None
    difference: DifferenceColumns | None
    headline: Annotated[str, SchemaKeyword("enum", ("doubly_robust", "pooled"))]
    disagreement: DisagreementColumns | None
    holdout: ContrastColumns | None
    actions: list[ActionEffectColumns]
    log_check: LogCheckColumns
    log: str
    playbook: PlaybookVersion


def evaluate_policy(request: PolicyEvaluationRequest) -> PolicyEvaluationResult:
    """Estimate the value of one week of a policy, later weeks being those of the log."""
    question = PolicyQuestion(request.target, request.against, request.outcome, request.horizon_days, request.seed)
    decisions = read_decisions(request.log, read_dataset(request.dataset), request.playbook, request.horizon_days)
    answer = policy_report(decisions, request.playbook, question)
    fields = policy_report_json(answer, request.language)
    return PolicyEvaluationResult(**fields, log=str(request.log), playbook=request.playbook.version)
