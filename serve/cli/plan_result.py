"""What `kqml plan` answers: the plan made, logged, told."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kqml.errors import BadUse, Fault
from kqml.settings import Settings

if TYPE_CHECKING:
    from kqml.dataset.folder import Dataset
    from kqml.duties import Period
    from kqml.playbook import Playbook
    from models.policy.planning.plan_week import PlannedWeek
    from models.policy.planning.week_decision import WeekPlan
    from models.uplift.decision_log import DecisionLog
    from serve.usecases.planning_request import PlanningModel

BRIEFED = 2_000
"""Accounts up to which a plan for everybody is told with its briefs."""


@dataclass(frozen=True)
class PlanRules:
    """By what is decided: the company's rules, the model (None where there is none), the language of what is said."""

    playbook: "Playbook"
    language: str
    model: "PlanningModel | None"


def plan_rules(settings: Settings, playbook: "Playbook", model: str | None, language: str) -> PlanRules:
    """With the model asked for; the champion where none is asked for, nothing where there is none."""
    return PlanRules(playbook, language, _planning_model(settings, model))


def plan_and_log(
    wanted: "tuple[Dataset, Period]", rules: PlanRules, log: Path | None
) -> "tuple[PlannedWeek, dict[str, Any]]":
    """The plan of a week (wanted: dataset, week), added to the log or compared with what it holds; what is told of
    model and log."""
    from models.policy.planning.decision_log import append_week, has_week, replay
    from models.policy.planning.decision_rows import decision_rows, state_rows
    from models.policy.planning.feature_rows import feature_rows
    from models.policy.planning.plan_week import PlanRequest, plan_dataset

    (dataset, week), model = wanted, rules.model
    request = PlanRequest(rules.playbook, week, None if model is None else model.scorer, _earlier(log), rules.language)
    columns = () if model is None else model.columns
    retained = None if model is None else log
    with feature_rows(retained, dataset.event_log().accounts, week.week_name, columns) as features:
        planned = plan_dataset(dataset, request, features)
        result: dict[str, Any] = {"model": model_reference(rules), "log": None, "database": None}
        if log is not None:
            if features is not None:
                features.close()
            decisions = decision_rows(planned.plan, None if model is None else model.stamp)
            draft = None if features is None else features.path
            known = has_week(log, week.week_name)
            if known:
                replay(log, decisions, draft)
            else:
                log.mkdir(parents=True, exist_ok=True)
                append_week(log, decisions, state_rows(planned.plan, decisions), draft)
            result["log"] = {"folder": str(log), "rows": len(decisions), "replayed": known}
    return planned, result


def plan_result(
    planned: "PlannedWeek", details: dict[str, Any], request: tuple[str | None, Path | None], language: str
) -> dict[str, Any]:
    """The command's object (asked: rep, file to write)."""
    from kqml.calendar.business_time import moment_of
    from kqml.messages import text
    from models.policy.brief.inputs import read_brief_inputs
    from models.policy.planning.plan_file import write_plan
    from models.policy.planning.plan_summary import (
        left_out,
        plan_rows,
        recommended_actions,
        rep_rows,
        totals,
        with_briefs,
    )
    from models.policy.planning.week_decision import POLICY

    plan, (rep, out) = planned.plan, request
    company = plan.company
    _check_rep(plan, rep)
    who = recommended_actions(plan, rep)
    rows = plan_rows(plan, who)
    if rep is not None or out is not None or len(who) <= BRIEFED:
        material = read_brief_inputs(company, [row["account_id"] for row in rows])
        rows = with_briefs(plan, who, rows, material, language)
    reps = rep_rows(plan, rep)
    result = {
        "week": company.week_name,
        "rep": rep,
        "cutoff": moment_of(company.cutoff, company.dataset.info.time_zone).isoformat(),
        "playbook": company.playbook.version,
        "policy": POLICY,
        **details,
        "dataset": company.dataset.info.fingerprint,
        "currency": company.dataset.info.currency,
        "evidence": planned.evidence.why,
        "evidence_rows": planned.evidence.rows,
        "says": text(f"plan.evidence.{planned.evidence.why}", language, rows=planned.evidence.rows),
        "gap": plan.week.allocation.gap,
        "accounts": sum(row["accounts"] for row in reps),
        "held_out": int(plan.holdout.sum()),
        "objecting": int(planned.objecting.sum()),
        "totals": totals(plan, who),
        "reps": reps,
        "left_out": left_out(plan, rep),
        "plan": rows,
        "out": None if out is None else str(out),
    }
    if out is not None:
        write_plan(out, title(result, language), rows, language)
    return result


def title(result: dict[str, Any], language: str) -> str:
    """The heading of a plan."""
    from kqml.messages import text

    values = {name: result[name] for name in ("week", "accounts", "rep")}
    values |= {"recommended": result["totals"]["recommended"], "reps": len(result["reps"])}
    return text("plan.title" if result["rep"] is None else "plan.title_rep", language, **values)


def _planning_model(settings: Settings, wanted: str | None) -> "PlanningModel | None":
    """The model asked for; the champion where none is asked for, nothing where there is none."""
    from serve.usecases.model_registry import find_model
    from serve.usecases.planning_request import PlanningModel

    model = find_model(settings, wanted)
    return None if model is None else PlanningModel(str(model.number), model.scorer)


def _earlier(log: Path | None) -> "DecisionLog | None":
    from models.policy.planning.decision_log import read_log

    return None if log is None else read_log(log)


def model_reference(rules: PlanRules) -> dict[str, str] | None:
    """Version and grade."""
    model = rules.model
    return None if model is None else {"version": model.version, "grade": model.scorer.bundle.model.grade}


def _check_rep(plan: "WeekPlan", rep: str | None) -> None:
    if rep is not None and rep not in plan.company.rep_ids:
        fault = Fault("--rep", f"{rep!r} is named nowhere", "name a rep of the dataset")
        raise BadUse("There is no such rep.", [fault])
