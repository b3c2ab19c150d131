"""The next action of single accounts at any instant of a week, within what the week's plan left of the rep's hours."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from kqml.calendar.business_time import local_midnight
from kqml.dataset.folder import Dataset
from kqml.dataset.tables import INSTANT
from models.policy.allocation.cadence import no_floors
from models.policy.allocation.problem import NOT_BOOKED, RESOURCES, WAIT, Flags, Floats, Indices
from models.policy.exploration.week import decide_week
from models.policy.planning.assessment import Sink
from models.policy.planning.company import Company, capacities, read_company
from models.policy.planning.plan_week import PlannedWeek, PlanRequest, assess_company, rejected_actions
from models.policy.planning.week_decision import WeekOptions, WeekPlan, exploration_draws, week_options

NEXT_POLICY = "kqml-next@2"
"""The version of the procedure: increase it whenever the same inputs lead to other actions."""

DECIDED_BEFORE = PLANNED, CARRIED_OUT, REJECTED, PLANNED_WAIT = ("planned", "carried_out", "rejected", "planned_wait")
"""Why an account with a decision in the week gets its next action; else codes of `models.policy.allocation.leftovers`.
"""

OVER = ("done", "verified", "outcome")
"""States of a decision that has been carried out."""

WITHDRAWN = "withdrawn"
"""The state of a decision that the service took back."""


@dataclass(frozen=True)
class EarlierDecision:
    """The latest decision of the week about an account, with its state at the cutoff, for a rep."""

    decision_id: str
    action: str
    state: str
    rep_id: str | None = None

    def stands_for(self, rep_id: str) -> bool:
        """Return whether it decides the week for the account: it was carried out, or is the rep's and not withdrawn."""
        return self.state in OVER or (self.state != WITHDRAWN and self.rep_id in (None, rep_id))


@dataclass(frozen=True)
class WeekSoFar:
    """What is decided of the week. `earlier`: by account id. `taken`: account id → minutes, stops, money that open
    actions for the other accounts of its rep take."""

    earlier: Mapping[str, EarlierDecision]
    taken: Mapping[str, tuple[float, float, float]]


@dataclass(frozen=True)
class NextActionsPlan:
    """The next action of each account of the company, as a plan in which every account has the remaining hours of its
    rep to itself. `urgency` (n): today, this_week or can_wait. `room` (n × RESOURCES): the remaining hours."""

    planned: PlannedWeek
    urgency: NDArray[np.object_]
    room: Floats


def plan_next_actions(
    dataset: Dataset, request: PlanRequest, cutoff: int, so_far: WeekSoFar, sink: Sink | None = None
) -> NextActionsPlan:
    """Return the next action of each account of a dataset, by what was known before the cutoff.

    A required action comes first, then what was decided for the account in the week, then the action that is worth most
    within the remaining hours. Where nothing was decided, exploration applies; its draw is a keyed hash of account and
    week, the same that the week's plan makes, so that no event redraws it. Raises Refused where no account has a rep.
    """
    company = read_company(dataset.known_before(cutoff), request.playbook, request.week, request.declared, cutoff)
    assessed = assess_company(company, request, sink)
    rejected, top = rejected_actions(company, request), assessed.learned.top
    options = week_options(company, assessed.assessment, rejected, assessed.objecting, top)
    room = remaining_hours(company, so_far)
    plan = _decide(options, room, so_far)
    left_out = assessed.objecting & plan.situation.active & (company.owner >= 0)
    return NextActionsPlan(PlannedWeek(plan, assessed.learned, left_out), _urgency(plan), room)


def remaining_hours(company: Company, so_far: WeekSoFar) -> Floats:
    """Return n × RESOURCES: the capacity of each account's rep in the rest of the week less what the rep's other
    accounts take, at least 0."""
    capacity = np.vstack([capacities(company, company.today), np.zeros(len(RESOURCES))])[company.owner]
    others = [so_far.taken.get(name, (0.0, 0.0, 0.0)) for name in company.account_ids.tolist()]
    return np.asarray(np.maximum(capacity - np.array(others).reshape(capacity.shape), 0.0), dtype=np.float64)


def actions_that_fit(plan: WeekPlan, hours: Floats) -> Flags:
    """Return n × K: the allowed actions that fit into the remaining hours (n × RESOURCES)."""
    return np.asarray((plan.problem.cost <= hours[:, None]).all(axis=2) & plan.problem.allowed, dtype=bool)


def _decide(options: WeekOptions, room: Floats, so_far: WeekSoFar) -> WeekPlan:
    """Decide each account as if it were the only one of its rep; what was decided before is booked, not drawn."""
    count = len(options.decided)
    alone = replace(options.problem, rep=np.arange(count), capacity=room, floor=no_floors(count))
    action, why = _as_decided(options, so_far)
    # Where the largest allowed action does not fit, nothing is drawn: else the draw would exceed the rep's hours.
    largest = np.where(alone.allowed[:, :, None], alone.cost, 0.0).max(axis=1)
    fits = (largest <= room).all(axis=1)
    # An account takes part in learning with one decision of the week at most.
    decided_before = np.isin(options.company.account_ids, list(so_far.earlier))
    draws = exploration_draws(options, options.holdout | ~fits | decided_before)
    week = decide_week(alone, replace(draws, action=np.where(draws.explores, draws.action, action)))
    given = np.where(why == "", week.allocation.given_for, why)
    allocation = replace(week.allocation, given_for=given)
    evaluable = week.evaluable & options.decided & ~decided_before
    decided_week = replace(week, allocation=allocation, evaluable=evaluable)
    return WeekPlan(**{**vars(options), "problem": alone}, week=decided_week, policy=NEXT_POLICY)


def _as_decided(options: WeekOptions, so_far: WeekSoFar) -> tuple[Indices, NDArray[np.str_]]:
    """Return per account the action that follows from its earlier decision, with the reason; NOT_BOOKED where a new
    one is to be chosen."""
    ids, must = options.company.account_ids.tolist(), options.problem.must.tolist()
    action, why = np.full(len(ids), NOT_BOOKED, dtype=np.int64), np.full(len(ids), "", dtype="<U16")
    for index, name in enumerate(ids):
        earlier = so_far.earlier.get(name)
        stands = earlier is not None and earlier.stands_for(_rep_of(options.company, index))
        if earlier is not None and stands and not must[index] and not _is_obsolete(options, index, earlier):
            action[index], why[index] = _next_of(options, index, earlier)
    return action, why


def _rep_of(company: Company, index: int) -> str:
    owner = int(company.owner[index])
    return "" if owner < 0 else company.rep_ids[owner]


def _next_of(options: WeekOptions, index: int, earlier: EarlierDecision) -> tuple[int, str]:
    action = options.actions.index(earlier.action)
    if action == WAIT:
        return WAIT, PLANNED_WAIT
    if earlier.state == "rejected":
        return WAIT, REJECTED
    if earlier.state in OVER or _is_met(options, index, action):
        return WAIT, CARRIED_OUT
    return action, PLANNED


def _is_obsolete(options: WeekOptions, index: int, earlier: EarlierDecision) -> bool:
    """Return whether an open action is gone from the playbook, or blocked by now other than by its own contacts."""
    if earlier.action not in options.actions:
        return True
    action = options.actions.index(earlier.action)
    is_open = earlier.state not in (*OVER, "rejected")
    return is_open and not options.guarded.allowed[index, action] and not _is_met(options, index, action)


def _is_met(options: WeekOptions, index: int, action: int) -> bool:
    """Return whether the contacts of an action have happened in the week, whoever reported them."""
    brings = options.problem.actions.contacts[action]
    return bool((brings > 0).any() and (options.situation.week[index] >= brings).all())


def _urgency(plan: WeekPlan) -> NDArray[np.object_]:
    """Return when each action is due: today where a required one is, else in the week; waiting can wait."""
    company, table = plan.company, plan.company.duties
    tomorrow = local_midnight(company.today + timedelta(days=1), company.dataset.info.time_zone)
    is_open = pc.is_in(table["state"].cast(pa.string()), value_set=pa.array(["due", "overdue"]))
    pressing = pc.and_(pc.and_(table["must"], is_open), pc.less_equal(table["due_by"], pa.scalar(tomorrow, INSTANT)))
    today = set(table["account_id"].cast(pa.string()).filter(pressing).to_pylist())
    result = ["today" if name in today else "this_week" for name in company.account_ids.tolist()]
    return np.where(plan.week.assigned == WAIT, "can_wait", np.array(result, dtype=object))
