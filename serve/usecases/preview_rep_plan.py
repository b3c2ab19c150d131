"""Preview a rep's next week by what is known now: nothing is decided or stored."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from kqml.calendar.business_time import moment_of
from kqml.contract.notes import ContactNote
from kqml.contract.plans import PlannedDecision, RepPlan
from kqml.errors import KqmlError
from kqml.playbook import Playbook
from models.policy.planning.company import next_week
from serve.database.dataset_info import read_info
from serve.database.engine import Database
from serve.database.plans import is_rep, objecting_of_rep
from serve.database.records import read_rows
from serve.database.tables import ACCOUNTS
from serve.security.callers import Caller
from serve.usecases.contact_notes import read_notes
from serve.usecases.database_access import Transaction
from serve.usecases.plan_week import plan_week
from serve.usecases.planning_inputs import MOST_ACCOUNTS, TooManyAccounts
from serve.usecases.planning_request import PlanningModel, PlanWeekRequest
from serve.usecases.refusals import FaultyRequest, RequestFault, UnknownRecord
from serve.usecases.track_decisions import planned_decision

Row = Mapping[str, Any]


@dataclass(frozen=True)
class PreviewRepPlanRequest:
    """The rep, who asks, the rules, the model (None: without one), the language of briefs."""

    rep_id: str
    caller: Caller
    playbook: Playbook
    model: PlanningModel | None
    language: str


def preview_rep_plan(database: Database, request: PreviewRepPlanRequest, now: int) -> RepPlan:
    """Return the plan that the rep's next week would get if nothing else became known before its Monday, required
    actions first.

    Raises UnknownRecord, FaultyRequest where the rep has too many accounts for a request or the week cannot be planned.
    """
    with database.snapshot() as connection:
        zone = read_info(connection).time_zone
        if not is_rep(connection, request.rep_id, request.caller.territory):
            raise UnknownRecord("rep", request.rep_id)
        objecting = objecting_of_rep(connection, request.rep_id, request.caller.territory)
    week = next_week(moment_of(now, zone).date())
    rows = _planned_rows(database, request, now)
    with database.snapshot() as connection:
        accounts = read_rows(connection, ACCOUNTS, [row["account_id"] for row in rows])
        notes = read_notes(Transaction(connection, zone), list(accounts))
    covers = request.caller.territory.covers
    rows = [{**row, **_of_account(accounts[row["account_id"]])} for row in rows]
    rows = [row for row in rows if covers(accounts[row["account_id"]]["owner_rep_id"])]
    ordered = sorted(rows, key=lambda row: (not row["must"], row["account_id"]))
    decisions = [_decision(row, zone, request.language, notes) for row in ordered]
    return RepPlan(
        rep_id=request.rep_id, week=week.week_name, preview=True, decisions=decisions, objected=len(objecting)
    )


def _planned_rows(database: Database, request: PreviewRepPlanRequest, now: int) -> list[dict[str, Any]]:
    reps = frozenset([request.rep_id])
    week = PlanWeekRequest(None, request.playbook, request.model, request.caller.name, reps, preview=True)
    try:
        result = plan_week(database, week, now)
    except TooManyAccounts:
        detail = f"the rep has more than {MOST_ACCOUNTS} accounts; use `kqml plan --database --preview`"
        raise FaultyRequest([RequestFault(("rep_id",), detail)]) from None
    except KqmlError as error:
        raise FaultyRequest([RequestFault(("rep_id",), error.message)]) from error
    return [] if result is None else [dict(row) for row in result.record.decisions]


def _of_account(account: Any) -> dict[str, Any]:
    return {"account_name": account["name"], "tier": account["tier"]}


def _decision(row: Row, zone: str, language: str, notes: Mapping[str, list[ContactNote]]) -> PlannedDecision:
    plain = {**row, "decision_id": None, "state": "recommended", "at": row["cutoff"]}
    return cast(PlannedDecision, {**planned_decision(plain, zone, language, notes), "next": []})
