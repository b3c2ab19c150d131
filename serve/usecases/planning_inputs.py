"""Read the inputs of a week's plan from the database: accounts with histories, earlier decisions, objections."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, or_, select

from kqml.calendar.business_time import moment_of
from kqml.dataset.folder import Dataset
from kqml.duties import Period
from kqml.duties.overrides import DutyOverride
from kqml.errors import BadUse, Fault
from kqml.events import EventKind
from models.policy.planning.company import next_week, week_period
from models.policy.planning.learned_state import LearnedState, LearningEvidence, learned_state_from_json
from models.policy.planning.next_action import NEXT_POLICY
from models.policy.planning.plan_week import PlanRequest
from models.uplift.decision_log import DecisionLog
from models.value.expected import ValueModel
from serve.database.dataset_export import snapshot_accounts
from serve.database.dataset_info import read_info
from serve.database.decision_logs import read_log, read_rejections
from serve.database.duty_overrides import duty_overrides, read_override_rows
from serve.database.learned import newest_learned
from serve.database.long_histories import long_histories
from serve.database.plans import read_week, week_of_all
from serve.database.records import parts_of
from serve.database.tables import ACCOUNTS, EVENTS
from serve.security.contact_vault import MaskingVault
from serve.security.objections_and_reviews import objecting_accounts
from serve.usecases.planning_request import PlanWeekRequest

MOST_ACCOUNTS = 5_000
"""Whose histories are read for the weeks of some reps: more are planned by `kqml plan --database`."""


class TooManyAccounts(Exception):
    """The reps have more accounts than one request decides."""


@dataclass(frozen=True)
class PlanningInputs:
    """What one snapshot of the database holds for a week. `learned`: None where the model learns anew; `stored`: the
    week's decisions that were made in the same name; `elsewhere`: those that were made otherwise; `decided`: reps whose
    weeks were decided in another name; `decided_accounts`: accounts that got a next action in the week before."""

    week: Period
    dataset: Dataset
    log: DecisionLog | None
    overrides: tuple[DutyOverride, ...]
    objecting: frozenset[str]
    learned: LearnedState | None = None
    stored: Sequence[Mapping[str, Any]] = ()
    elsewhere: Sequence[Mapping[str, Any]] = ()
    decided: frozenset[str] = frozenset()
    decided_accounts: frozenset[str] = frozenset()

    @property
    def cutoff(self) -> int:
        """Monday's local midnight."""
        return self.week.instants(self.dataset.info.time_zone)[0]

    def plan_request(self, request: PlanWeekRequest) -> PlanRequest:
        """Return the request of the planner."""
        return PlanRequest(
            request.playbook,
            self.week,
            None if request.model is None else request.model.scorer,
            self.log,
            self.learned,
            self.objecting,
            request.reps,
            self.decided,
            self.overrides,
            self.decided_accounts,
        )


def read_planning_inputs(connection: Connection, request: PlanWeekRequest, now: int) -> PlanningInputs | None:
    """Read the inputs of a week; None where its reps have no accounts. Accounts with long histories are left out of the
    weeks of some reps. Raises BadUse where the week has not begun, unless it is a preview."""
    zone = read_info(connection).time_zone
    week = request.week or (next_week if request.preview else week_period)(moment_of(now, zone).date())
    cutoff = week.instants(zone)[0]
    if cutoff > now and not request.preview:
        todo = "plan it from its Monday on, or preview it with --preview"
        raise BadUse("The week cannot be planned.", [Fault("--week", f"{week.week_name} has not begun", todo)])
    if request.reps is None:
        return _inputs_of_all(connection, request, week, cutoff)
    ids = accounts_of_reps(connection, request.reps, cutoff)
    long = long_histories(connection, ids)
    ids = [name for name in ids if name not in long]
    return read_account_inputs(connection, request, (week, cutoff), ids) if ids else None


def _inputs_of_all(connection: Connection, request: PlanWeekRequest, week: Period, cutoff: int) -> PlanningInputs:
    """Whoever objected after the week was decided did not object then."""
    everything, playbook = week_of_all(connection, week.week_name), request.playbook
    rows = [row for row in everything if row["policy"] != NEXT_POLICY]
    stored = [row for row in rows if row["by"] == request.by]
    decided_at = max((row["recorded_at"] for row in stored), default=None)
    return PlanningInputs(
        week,
        snapshot_accounts(connection, MaskingVault()),
        read_log(connection, playbook.action_names, cutoff, playbook.limits.suppression_days),
        duty_overrides(read_override_rows(connection)),
        frozenset(objecting_accounts(connection, decided_at)),
        stored=stored,
        elsewhere=[row for row in everything if row["by"] != request.by or row["policy"] == NEXT_POLICY],
        decided=frozenset(row["rep_id"] for row in rows if row["by"] != request.by),
        decided_accounts=_decided_singly(everything, decided_at),
    )


def _decided_singly(rows: Sequence[Mapping[str, Any]], before: int | None) -> frozenset[str]:
    """The accounts that got a next action before the week was planned: nobody decides them twice."""
    return frozenset(
        row["account_id"]
        for row in rows
        if row["policy"] == NEXT_POLICY and (before is None or row["recorded_at"] < before)
    )


def read_account_inputs(
    connection: Connection, request: PlanWeekRequest, when: tuple[Period, int], ids: Sequence[str]
) -> PlanningInputs:
    """Read the inputs of some accounts, all of reps of the request, in a week at a cutoff."""
    (week, cutoff), playbook, reps = when, request.playbook, request.reps or frozenset()
    return PlanningInputs(
        week,
        snapshot_accounts(connection, request.vault, ids),
        read_rejections(connection, ids, cutoff, playbook.limits.suppression_days),
        duty_overrides(read_override_rows(connection, {*ids, *reps})),
        frozenset(objecting_accounts(connection)),
        read_learned(connection, request, cutoff),
        decided_accounts=_decided_singly(read_week(connection, ids, week.week_name), None),
    )


def accounts_of_reps(connection: Connection, reps: frozenset[str], since: int) -> list[str]:
    """Return the accounts of the reps now, and those handed over since an instant, which may have been theirs then.
    Raises TooManyAccounts."""
    theirs = ACCOUNTS.c.owner_rep_id.in_(sorted(reps))
    own = _ids(connection, theirs, MOST_ACCOUNTS + 1)
    if len(own) > MOST_ACCOUNTS:
        raise TooManyAccounts
    changed = or_(ACCOUNTS.c.owner_rep_id.is_(None), ~theirs) & (ACCOUNTS.c.updated_at >= since)
    return sorted({*own, *_moved(connection, _ids(connection, changed), since)}) if own else []


def _ids(connection: Connection, condition: Any, limit: int | None = None) -> Sequence[str]:
    request = select(ACCOUNTS.c.account_id).where(condition).order_by(ACCOUNTS.c.account_id).limit(limit)
    return connection.execute(request).scalars().all()


def _moved(connection: Connection, ids: Sequence[str], since: int) -> Iterator[str]:
    """Those of the accounts whose rep changed, or whose change became known, since an instant."""
    moved = (EVENTS.c.kind == EventKind.REP_ASSIGNED.code, EVENTS.c.known_at >= since)
    for part in parts_of(ids):
        request = select(EVENTS.c.account_id).where(EVENTS.c.account_id.in_(part), *moved).distinct()
        yield from connection.execute(request).scalars()


def read_learned(connection: Connection, request: PlanWeekRequest, cutoff: int) -> LearnedState | None:
    """The newest values and effects that `kqml plan --database` learned with this model and playbook; without them the
    value is the trailing mean, and effects are unknown."""
    if request.model is None:
        return None
    result = newest_learned(connection, request.model.stamp, request.playbook.version, cutoff)
    if result is None:
        return LearnedState(ValueModel(None, 0), LearningEvidence(None, why="not_learned"))
    return _learned_state(result.content)


@lru_cache(maxsize=4)
def _learned_state(content: str) -> LearnedState:
    """Return the state of a stored text; the newest ones stay in memory, because each request reads the same."""
    return learned_state_from_json(content)[0]
