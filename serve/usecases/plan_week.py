"""Plan a week from the database, for all reps or for some."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.exc import IntegrityError

from kqml.contract.fields import Count
from kqml.errors import Fault, Refused
from models.policy.planning.feature_rows import FeatureMatrix
from models.policy.planning.plan_week import PlannedWeek, plan_dataset
from serve.database.engine import Database
from serve.usecases.plan_records import PlanRecord, compare_plans, plan_record, store_plan
from serve.usecases.planning_inputs import PlanningInputs, read_planning_inputs
from serve.usecases.planning_request import PlanWeekRequest


@dataclass(frozen=True)
class PlanWeekResult:
    """The planned week with what it adds to the database. `stored`: the week's decisions that the database holds in
    the same name; `elsewhere`: those about accounts that the plan leaves out because they were decided otherwise;
    `decided`: reps left out because their weeks were decided in another name."""

    planned: PlannedWeek
    record: PlanRecord
    stored: Sequence[Mapping[str, Any]]
    elsewhere: Sequence[Mapping[str, Any]]
    decided: frozenset[str]


@dataclass(frozen=True)
class StoredWeek:
    """How many decisions of a week are stored, whether they were before, the reps whose weeks were left as they are."""

    rows: Count
    replayed: bool
    unchanged_reps: list[str]


def plan_week(database: Database, request: PlanWeekRequest, now: int) -> PlanWeekResult | None:
    """Plan a week from one snapshot of the database; nothing is written. Return None where its reps have no accounts.

    Raises BadUse where the week has not begun, TooManyAccounts where some reps have more than one request plans.
    """
    with database.snapshot() as connection:
        inputs = read_planning_inputs(connection, request, now)
    return None if inputs is None else _plan(inputs, request)


def store_week(database: Database, result: PlanWeekResult, now: int) -> StoredWeek:
    """Write a planned week whole, or compare it bit for bit with the decisions that are stored.

    Raises Refused where they differ, or where somebody else decided a part of the week meanwhile.
    """
    if result.stored:
        compare_plans(result.stored, result.record.decisions, result.planned.plan.company.week_name)
    else:
        _write(database, result.record, now)
    return StoredWeek(len(result.record.decisions), bool(result.stored), sorted(result.decided))


def _plan(inputs: PlanningInputs, request: PlanWeekRequest) -> PlanWeekResult:
    model, dataset = request.model, inputs.dataset.known_before(inputs.cutoff)
    features = None if model is None else FeatureMatrix(dataset.event_log().account_count, model.columns)
    planned = plan_dataset(dataset, inputs.plan_request(request), features)
    stamp = None if model is None else model.stamp
    record = plan_record(planned, features, stamp, request.by)
    own = {row["account_id"] for row in record.decisions}
    elsewhere = [row for row in inputs.elsewhere if row["account_id"] not in own]
    return PlanWeekResult(planned, record, inputs.stored, elsewhere, inputs.decided)


def _write(database: Database, record: PlanRecord, now: int) -> None:
    try:
        with database.writing() as connection:
            store_plan(connection, record.decisions, now, record.learned)
    except IntegrityError as error:
        fault = Fault("decisions", "some of the week were made meanwhile", "run the command again")
        raise Refused("Nothing was written.", [fault]) from error
