"""Plan the next actions of accounts: of the database within their reps' week, of histories in a request alone."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from sqlalchemy import Connection

from kqml.contract.histories import AccountToScore
from kqml.dataset.folder import Dataset, DatasetInfo
from kqml.duties import Period
from models.policy.allocation.problem import Actions
from models.policy.planning.feature_rows import FeatureMatrix
from models.policy.planning.next_action import (
    EarlierDecision,
    NextActionsPlan,
    WeekSoFar,
    actions_that_fit,
    plan_next_actions,
    remaining_hours,
)
from models.policy.planning.plan_week import PlanRequest
from serve.database.decisions import OPEN
from serve.database.plans import latest_decisions, lock_accounts
from serve.usecases.history_dataset import dataset_of_histories
from serve.usecases.planning_inputs import read_account_inputs, read_learned
from serve.usecases.planning_request import PlanWeekRequest

Resources = tuple[float, float, float]
NOTHING_DECIDED = WeekSoFar({}, {})


@dataclass(frozen=True)
class PlannedNextActions:
    """Next actions with what was decided of the week, and the feature rows that they were chosen by. `owners`: account
    → its rep; empty for histories of a request."""

    actions: NextActionsPlan
    so_far: WeekSoFar
    features: FeatureMatrix | None
    owners: Mapping[str, str] = field(default_factory=dict)

    def is_outdated(self, connection: Connection, now: int) -> bool:
        """Return whether it would be planned otherwise by now: decisions about its accounts have been made or have
        changed their states, or other actions fit into the hours that their reps have left. Other writers of decisions
        about its accounts wait until the transaction ends."""
        plan = self.actions.planned.plan
        lock_accounts(connection, sorted(self.owners))
        so_far = _week_so_far(connection, self.owners, plan.problem.actions, (plan.company.week_name, now))
        fits_before = actions_that_fit(plan, self.actions.room)
        fits_now = actions_that_fit(plan, remaining_hours(plan.company, so_far))
        return so_far.earlier != self.so_far.earlier or bool((fits_before != fits_now).any())


def plan_stored(
    connection: Connection, request: PlanWeekRequest, when: tuple[Period, int], owners: Mapping[str, str]
) -> PlannedNextActions:
    """Plan the next actions of accounts of the database (account → its rep) in a week at a cutoff."""
    (week, cutoff), ids = when, sorted(owners)
    inputs = read_account_inputs(connection, request, when, ids)
    so_far = _week_so_far(connection, owners, Actions.of(request.playbook), (week.week_name, cutoff))
    return replace(_plan(inputs.dataset, inputs.plan_request(request), request, cutoff, so_far), owners=owners)


def plan_given(
    connection: Connection, request: PlanWeekRequest, when: tuple[Period, int], accounts: Sequence[AccountToScore]
) -> PlannedNextActions:
    """Plan the next actions of accounts by the histories that stand in a request, which has been checked."""
    (week, cutoff), model = when, request.model
    info = DatasetInfo() if model is None else model.scorer.bundle.dataset
    dataset = dataset_of_histories(accounts, info)
    scorer = None if model is None else model.scorer
    learned = read_learned(connection, request, cutoff)
    reps = frozenset(dataset.table("reps")["rep_id"].to_pylist())
    plan_request = PlanRequest(request.playbook, week, scorer, None, learned, reps=reps)
    return _plan(dataset, plan_request, request, cutoff, NOTHING_DECIDED)


def _plan(
    dataset: Dataset, plan_request: PlanRequest, request: PlanWeekRequest, cutoff: int, so_far: WeekSoFar
) -> PlannedNextActions:
    known, model = dataset.known_before(cutoff), request.model
    features = None if model is None else FeatureMatrix(known.event_log().account_count, model.columns)
    return PlannedNextActions(plan_next_actions(known, plan_request, cutoff, so_far, features), so_far, features)


def _week_so_far(
    connection: Connection, owners: Mapping[str, str], actions: Actions, when: tuple[str, int]
) -> WeekSoFar:
    """Return what is decided of a week (its name, an instant) about accounts, what their reps' other accounts take."""
    rows = latest_decisions(connection, sorted(set(owners.values())), sorted(owners), *when)
    cost = {name: (row[0], row[1], row[2]) for name, row in zip(actions.names, actions.cost.tolist(), strict=True)}
    used = {row["account_id"]: (row["rep_id"], cost.get(row["assigned"])) for row in rows if row["state"] in OPEN}
    return WeekSoFar(
        {
            row["account_id"]: EarlierDecision(row["decision_id"], row["assigned"], row["state"], row["rep_id"])
            for row in rows
            if row["account_id"] in owners
        },
        {name: _used_by_others(used, name, rep) for name, rep in owners.items()},
    )


def _used_by_others(
    used: Mapping[str, tuple[str | None, Resources | None]], account: str, rep: str
) -> tuple[float, float, float]:
    """The sum of what open actions for the other accounts of a rep take."""
    costs = [cost for name, (owner, cost) in used.items() if owner == rep and name != account and cost is not None]
    minutes, stops, money = (sum(column) for column in zip(*costs, strict=True)) if costs else (0.0, 0.0, 0.0)
    return minutes, stops, money
