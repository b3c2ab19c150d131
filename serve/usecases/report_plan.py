"""Report a planned week: what each account gets, by rep, with briefs, as a result and as a file."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from kqml.calendar.business_time import moment_of
from kqml.contract.claims import PlanEvidence
from kqml.contract.fields import Count, Fingerprint, Moment, PlaybookVersion
from kqml.contract.scores import ModelRef
from kqml.errors import BadUse, Fault
from kqml.messages import text
from models.policy.brief.inputs import read_brief_inputs
from models.policy.planning.claims import PlanClaims, evidence_text, plan_evidence
from models.policy.planning.plan_file import check_plan_path, write_plan
from models.policy.planning.plan_summary import (
    PlanRow,
    PlanTotals,
    RepWeek,
    left_out,
    plan_rows,
    recommended_actions,
    rep_rows,
    totals,
    with_briefs,
)
from models.policy.planning.plan_week import PlannedWeek
from models.policy.planning.week_decision import POLICY, WeekPlan
from serve.usecases.plan_dataset import LoggedWeek
from serve.usecases.plan_week import StoredWeek
from serve.usecases.planning_request import PlanningModel
from serve.usecases.stored_plan_rows import in_plan_order, stored_plan_rows, stored_rep_weeks

__all__ = ["PlanReport", "PlanReportRequest", "check_plan_path", "plan_title", "report_plan"]

BRIEFED = 2_000
"""Accounts up to which a plan for everybody is reported with its briefs."""


@dataclass(frozen=True, kw_only=True)
class PlanReportRequest:
    """Whose week (None: everybody's), the file to write, if any, the language; the model, the log, the database that
    the week was planned with. `elsewhere`: stored decisions about accounts that the plan leaves out."""

    rep: str | None
    out: Path | None
    language: str
    model: PlanningModel | None
    log: LoggedWeek | None = None
    database: StoredWeek | None = None
    preview: bool = False
    elsewhere: Sequence[Mapping[str, Any]] = ()


@dataclass(frozen=True, kw_only=True)
class PlanReport:
    """A planned week. `evidence`: what it ranks by, `says` in words; `gap`: of the allocation to its bound;
    `held_out`, `objecting`: accounts that get nothing because they are in the holdout, because they object;
    `left_out`: why accounts did not get what is worth most to them. `preview`: it is of a week to come, by what is
    known now."""

    week: str
    preview: bool
    rep: str | None
    cutoff: Moment
    playbook: PlaybookVersion
    policy: str
    model: ModelRef | None
    log: LoggedWeek | None
    database: StoredWeek | None
    dataset: Fingerprint
    currency: str
    evidence: PlanEvidence
    says: str
    gap: float
    accounts: Count
    held_out: Count
    objecting: Count
    totals: PlanTotals
    reps: list[RepWeek]
    left_out: dict[str, int]
    plan: list[PlanRow]
    out: str | None


def report_plan(planned: PlannedWeek, request: PlanReportRequest) -> PlanReport:
    """Report a planned week, write it to the file asked for. Raises BadUse where the rep is unknown."""
    plan, rep, claims = planned.plan, request.rep, PlanClaims(planned.plan, planned.evidence)
    company = plan.company
    info = company.dataset.info
    _check_rep(plan, rep)
    who = recommended_actions(plan, rep)
    rows, evidence = plan_rows(plan, claims, who, request.language), plan_evidence(claims, who)
    if rep is not None or request.out is not None or len(who) <= BRIEFED:
        material = read_brief_inputs(company, [row["account_id"] for row in rows])
        rows = with_briefs(plan, who, rows, material, request.language)
    stored = stored_plan_rows(request.elsewhere, plan, request.language, rep)
    reps = [*rep_rows(plan, claims, rep), *stored_rep_weeks(stored, request.elsewhere, plan, rep)]
    rows = in_plan_order([*rows, *stored])
    report = PlanReport(
        week=company.week_name,
        preview=request.preview,
        rep=rep,
        cutoff=moment_of(company.cutoff, info.time_zone).isoformat(),
        playbook=company.playbook.version,
        policy=POLICY,
        model=_model_reference(request.model),
        log=request.log,
        database=request.database,
        dataset=info.fingerprint,
        currency=info.currency,
        evidence=evidence,
        says=evidence_text(evidence, request.language),
        gap=plan.week.allocation.gap,
        accounts=sum(row["accounts"] for row in reps),
        held_out=int(plan.holdout.sum()),
        objecting=int(planned.objecting.sum()),
        totals=totals(plan, claims, who, rows),
        reps=reps,
        left_out=left_out(plan, rep),
        plan=rows,
        out=None if request.out is None else str(request.out),
    )
    if request.out is not None:
        write_plan(request.out, plan_title(vars(report), request.language), rows, request.language)
    return report


def plan_title(report: Mapping[str, Any], language: str) -> str:
    """Return the heading of a plan (fields of a PlanReport)."""
    values = {name: report[name] for name in ("week", "accounts", "rep")}
    values |= {"recommended": report["totals"]["recommended"], "reps": len(report["reps"])}
    return text("plan.title" if report["rep"] is None else "plan.title_rep", language, **values)


def _model_reference(model: PlanningModel | None) -> ModelRef | None:
    return None if model is None else cast(ModelRef, {"version": model.version, "grade": model.grade})


def _check_rep(plan: WeekPlan, rep: str | None) -> None:
    if rep is not None and rep not in plan.company.rep_ids:
        fault = Fault("--rep", f"{rep!r} does not occur in the data", "give the id of a rep in the data")
        raise BadUse("The rep does not exist.", [fault])
