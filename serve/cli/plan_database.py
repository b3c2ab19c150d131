"""`kqml plan --database`: the week of everybody in the database, kept there, or compared with what is kept."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from kqml.errors import BadUse, Fault, Refused
from serve.cli.administration import now as present
from serve.cli.database_option import Source
from serve.cli.plan_result import PlanRules, model_reference, plan_stamp

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from kqml.dataset.folder import Dataset
    from kqml.duties import Period
    from models.policy.planning.plan_week import PlannedWeek
    from models.uplift.decision_log import DecisionLog
    from serve.database.engine import Database

BY = "command:plan"


@dataclass(frozen=True)
class EarlierPlan:
    """What the database holds when a week is planned. `own`: this week's decisions as this command made them;
    `retained`: reps
    whose weeks somebody else had decided. Whoever objected after the week was decided did not object then."""

    log: "DecisionLog"
    own: "Sequence[Mapping[str, Any]]"
    decided: frozenset[str]
    objecting: frozenset[str]


def plan_database(
    source: Source, wanted: "tuple[Dataset, Period]", rules: PlanRules
) -> "tuple[PlannedWeek, dict[str, Any]]":
    """The plan of a week, kept in the database or compared with what it holds; what is told of model and store."""
    from models.policy.planning.feature_rows import FeatureMatrix
    from models.policy.planning.plan_week import PlanRequest, plan_dataset
    from serve.usecases.plan_records import compare_plans, plan_record

    assert source.found is not None
    (dataset, week), database, now = wanted, source.found.database, present()
    _refuse_future(dataset, week, now)
    dataset = dataset.known_before(week.instants(dataset.info.time_zone)[0])
    earlier = _earlier(database, week, dataset, rules)
    scorer = rules.scorer
    request = PlanRequest(
        rules.playbook,
        week,
        scorer,
        earlier.log,
        rules.language,
        objecting=earlier.objecting,
        decided=earlier.decided,
        declared=source.declared(),
    )
    features = None
    if scorer is not None:
        model = scorer.bundle.model
        features = FeatureMatrix(dataset.event_log().account_count, (*model.numeric_columns, *model.categories))
    planned = plan_dataset(dataset, request, features)
    output = plan_record(planned, features, plan_stamp(rules), rules.language, BY)
    if earlier.own:
        compare_plans(earlier.own, output.decisions, planned.plan.company.week_name)
    else:
        _keep(database, output, now)
    result = {"rows": len(output.decisions), "replayed": bool(earlier.own), "kept_reps": sorted(earlier.decided)}
    return planned, {"model": model_reference(rules), "log": None, "database": result}


def _refuse_future(dataset: "Dataset", week: "Period", now: int) -> None:
    if week.instants(dataset.info.time_zone)[0] > now:
        todo = "plan it from its Monday on: what is known by then is not known yet"
        raise BadUse("The week cannot be planned.", [Fault("--week", f"{week.week_name} has not begun", todo)])


def _earlier(database: "Database", week: "Period", dataset: "Dataset", rules: PlanRules) -> EarlierPlan:
    from serve.database.decision_logs import read_log
    from serve.database.plans import week_of_all
    from serve.security.objections_and_reviews import objecting_accounts

    cutoff = week.instants(dataset.info.time_zone)[0]
    with database.snapshot() as connection:
        rows = week_of_all(connection, week.week_name)
        own = [row for row in rows if row["by"] == BY]
        retained = frozenset(row["rep_id"] for row in rows if row["by"] != BY)
        decided_at = max((row["recorded_at"] for row in own), default=None)
        playbook = rules.playbook
        log = read_log(connection, playbook.actions, cutoff, playbook.limits.suppression_days)
        return EarlierPlan(log, own, retained, frozenset(objecting_accounts(connection, decided_at)))


def _keep(database: "Database", output: Any, now: int) -> None:
    """Writes all of it, or nothing where somebody else decided a part meanwhile."""
    from sqlalchemy.exc import IntegrityError

    from serve.usecases.plan_records import store_plan

    try:
        with database.writing() as connection:
            store_plan(connection, output.decisions, now, output.learned)
    except IntegrityError as error:
        fault = Fault("decisions", "some of the week were made meanwhile", "run the command again")
        raise Refused("Nothing was written.", [fault]) from error
