"""`kqml plan --database`: the week of all reps of the database, stored there, or compared with what is stored."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from serve.cli.plan_result import PlanRules, model_reference

if TYPE_CHECKING:
    from kqml.duties import Period
    from models.policy.planning.plan_week import PlannedWeek
    from serve.database.engine import Database

BY = "command:plan"


def plan_database(
    database: "Database", week: "Period | None", rules: PlanRules, now: int
) -> "tuple[PlannedWeek, dict[str, Any]]":
    """Plan a week (None: the present one) and store it, or compare it with what is stored; return it with the fields
    about model and database."""
    from serve.usecases.plan_week import plan_week, store_week
    from serve.usecases.planning_request import PlanWeekRequest

    result = plan_week(database, PlanWeekRequest(week, rules.playbook, rules.model, BY, rules.language), now)
    assert result is not None
    stored = store_week(database, result, now)
    return result.planned, {"model": model_reference(rules), "log": None, "database": asdict(stored)}
