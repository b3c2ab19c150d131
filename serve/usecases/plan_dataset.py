"""Plan a week of a dataset folder, with a decision log where there is one."""

from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from features.cutoffs import default_cutoff
from kqml.calendar.business_time import moment_of
from kqml.contract.fields import Count
from kqml.dataset.folder import Dataset, read_dataset
from kqml.duties import Period
from kqml.playbook import Playbook
from models.policy.planning.company import week_period
from models.policy.planning.decision_log import append_week, has_week, read_log, replay
from models.policy.planning.decision_rows import decision_rows, state_rows
from models.policy.planning.feature_rows import FeatureRows, feature_rows
from models.policy.planning.plan_week import PlannedWeek, PlanRequest, plan_dataset
from serve.usecases.planning_request import PlanningModel


@dataclass(frozen=True, kw_only=True)
class PlanDatasetRequest:
    """A dataset folder, the week (None: the first whole one after the last record), the rules, the model (None: plan
    without one), the folder of the decision log (None: none)."""

    dataset: Path
    week: Period | None
    playbook: Playbook
    model: PlanningModel | None
    log: Path | None


@dataclass(frozen=True)
class LoggedWeek:
    """The decisions of a week in the decision log. `replayed`: they were there before and are the same."""

    folder: str
    rows: Count
    replayed: bool


@dataclass(frozen=True)
class PlanDatasetResult:
    """The planned week, where it was logged."""

    planned: PlannedWeek
    log: LoggedWeek | None


def plan_dataset_week(request: PlanDatasetRequest) -> PlanDatasetResult:
    """Plan a week; add it to the decision log, or compare it bit for bit with what the log holds. Raises Refused where
    they differ."""
    dataset = read_dataset(request.dataset)
    week = request.week or week_period(_after_the_last(dataset))
    model, log = request.model, request.log
    earlier = None if log is None else read_log(log)
    plan_request = PlanRequest(request.playbook, week, None if model is None else model.scorer, earlier)
    columns = () if model is None else model.columns
    retained = None if model is None else log
    with feature_rows(retained, dataset.event_log().accounts, week.week_name, columns) as features:
        planned = plan_dataset(dataset, plan_request, features)
        logged = None if log is None else _log_week(log, planned, features, model)
    return PlanDatasetResult(planned, logged)


def _log_week(log: Path, planned: PlannedWeek, features: FeatureRows | None, model: PlanningModel | None) -> LoggedWeek:
    if features is not None:
        features.close()
    decisions = decision_rows(planned.plan, None if model is None else model.stamp)
    draft = None if features is None else features.path
    known = has_week(log, planned.plan.company.week_name)
    if known:
        replay(log, decisions, draft)
    else:
        log.mkdir(parents=True, exist_ok=True)
        append_week(log, decisions, state_rows(planned.plan, decisions), draft)
    return LoggedWeek(str(log), len(decisions), known)


def _after_the_last(dataset: Dataset) -> date:
    """Return the first Monday at or after the end of the records."""
    zone = dataset.info.time_zone
    day = moment_of(default_cutoff(dataset.event_log(), zone), zone).date()
    return day + timedelta(days=-day.weekday() % 7)
