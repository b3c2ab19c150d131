"""Recommend actions: decide the weeks of reps once, return what was decided for a rep or for some accounts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, cast

from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from kqml.calendar.business_time import moment_of
from kqml.contract.notes import ContactNote
from kqml.contract.recommendations import Evidence, NotDecided, Recommendations, RecommendedDecision
from kqml.duties import Period
from kqml.errors import KqmlError
from kqml.messages import text
from kqml.playbook import Playbook
from models.policy.planning.claims import evidence_text
from models.policy.planning.company import week_period
from models.policy.planning.next_action import NEXT_POLICY
from serve.database.dataset_info import read_info
from serve.database.engine import Database
from serve.database.long_histories import long_histories
from serve.database.plans import decided_reps, is_rep, objecting_of_rep, week_of_accounts, week_of_rep
from serve.database.records import read_rows
from serve.database.tables import ACCOUNTS
from serve.security.callers import Caller
from serve.usecases.contact_notes import read_notes
from serve.usecases.database_access import Transaction
from serve.usecases.plan_records import PlanRecord, store_plan
from serve.usecases.plan_week import plan_week
from serve.usecases.planning_inputs import MOST_ACCOUNTS, TooManyAccounts
from serve.usecases.planning_request import PlanningModel, PlanWeekRequest
from serve.usecases.refusals import FaultyRequest, RequestFault, refuse
from serve.usecases.track_decisions import planned_decision, stored_receipt

Row = Mapping[str, Any]
REPS_PER_REQUEST = 10
"""Whose weeks one request decides: the hours of a rep are shared by all accounts of the rep."""


class DecidedMeanwhile(Exception):
    """Another request decided a part of the week since it was planned; without the plan the request can be answered."""


@dataclass(frozen=True, kw_only=True)
class RecommendActionsRequest:
    """Either a rep or accounts; the week (None: the present one); who asks; by which rules and model (None: without
    one); the language of briefs and texts."""

    rep_id: str | None
    accounts: Sequence[str] | None
    week: Period | None
    caller: Caller
    playbook: Playbook
    model: PlanningModel | None
    language: str

    @property
    def field(self) -> str:
        """The field of the request that names whom it is about."""
        return "accounts" if self.rep_id is None else "rep_id"


@dataclass(frozen=True)
class RecommendationPlan:
    """The week of a request with the reps whose hours it takes. `accounts`: rows of those named, by id, None where the
    request names a rep. `record`: what is newly decided, None for nothing."""

    request: RecommendActionsRequest
    week: Period
    time_zone: str
    reps: frozenset[str]
    accounts: Mapping[str, Row] | None
    record: PlanRecord | None = None

    @property
    def name(self) -> str:
        """Its ISO week."""
        return self.week.week_name

    def is_over(self, now: int) -> bool:
        """Whether the next Monday has come."""
        return self.week.instants(self.time_zone)[1] <= now


@dataclass(frozen=True)
class RecommendActionsResult:
    """The recommendations; how many of their decisions are new."""

    content: Recommendations
    added: int


def plan_recommendations(database: Database, request: RecommendActionsRequest, now: int) -> RecommendationPlan:
    """Plan the weeks of a request's reps that nobody decided yet; nothing is written.

    Raises FaultyRequest where the request names unknown accounts or reps, too many of them, or a week to come.
    """
    with database.snapshot() as connection:
        plan = _read_request(connection, request, now)
        missing = plan.reps - decided_reps(connection, sorted(plan.reps), plan.name, NEXT_POLICY)
    if not missing or plan.is_over(now):
        return plan
    week = PlanWeekRequest(plan.week, request.playbook, request.model, request.caller.name, missing)
    try:
        result = plan_week(database, week, now)
    except TooManyAccounts:
        detail = f"the reps have more than {MOST_ACCOUNTS} accounts; plan the week with `kqml plan --database`"
        raise FaultyRequest([RequestFault((request.field,), detail)]) from None
    except KqmlError as error:
        raise FaultyRequest([RequestFault((request.field,), error.message)]) from error
    return replace(plan, record=None if result is None else result.record)


def recommend_actions(transaction: Transaction, plan: RecommendationPlan, now: int) -> RecommendActionsResult:
    """Store what a plan decides for reps whose week is still undecided, return all decisions that the request is about.

    Raises DecidedMeanwhile, FaultyRequest where a rep has no decisions in the week.
    """
    connection, request = transaction.connection, plan.request
    fresh = _store(connection, plan, now)
    rows = _decisions(connection, plan)
    if request.rep_id is not None and not rows:
        raise FaultyRequest([RequestFault(("rep_id",), _no_decisions(plan, request.rep_id, now))])
    notes = read_notes(transaction, [row["account_id"] for row in rows])
    decisions = [_recommended(row, plan, notes) for row in rows if row["objected_at"] is None]
    content = Recommendations(
        week=plan.name,
        cutoff=moment_of(plan.week.instants(plan.time_zone)[0], plan.time_zone).isoformat(),
        decided=sorted({row["rep_id"] for row in fresh}),
        decisions=decisions,
        not_decided=_not_decided(connection, plan, {decision["account_id"] for decision in decisions}),
        objected=_count_objecting(connection, plan),
    )
    return RecommendActionsResult(content, len(fresh))


def _read_request(connection: Connection, request: RecommendActionsRequest, now: int) -> RecommendationPlan:
    zone, territory = read_info(connection).time_zone, request.caller.territory
    week = request.week or week_period(moment_of(now, zone).date())
    if week.instants(zone)[0] > now:
        refuse([RequestFault(("week",), f"{week.week_name} has not begun; request it from its Monday on")])
    if request.rep_id is not None:
        if not is_rep(connection, request.rep_id, territory):
            refuse([RequestFault(("rep_id",), f"rep {request.rep_id!r} does not exist")])
        return RecommendationPlan(request, week, zone, frozenset([request.rep_id]), None)
    rows = _accounts(connection, request)
    stored = week_of_accounts(connection, list(rows), week.week_name, territory)
    earlier = {row["account_id"]: row["rep_id"] for row in stored}
    reps = {
        earlier.get(name) or row["owner_rep_id"] for name, row in rows.items() if _undecided_code(row) == "not_then"
    }
    reps -= {None}
    if len(reps) > REPS_PER_REQUEST:
        detail = f"the accounts belong to {len(reps)} reps; at most {REPS_PER_REQUEST} are allowed in a request"
        refuse([RequestFault(("accounts",), detail)])
    return RecommendationPlan(request, week, zone, frozenset(reps), rows)


def _accounts(connection: Connection, request: RecommendActionsRequest) -> dict[str, Row]:
    """The accounts in the order of the request. Raises FaultyRequest for duplicates and unknown ones."""
    ids, covers = request.accounts or (), request.caller.territory.covers
    rows = read_rows(connection, ACCOUNTS, ids)
    faults = [
        RequestFault(
            ("accounts", index), "is a duplicate" if name in ids[:index] else f"account {name!r} does not exist"
        )
        for index, name in enumerate(ids)
        if name not in rows or not covers(rows[name]["owner_rep_id"]) or name in ids[:index]
    ]
    refuse(faults)
    return {name: rows[name] for name in ids}


def _store(connection: Connection, plan: RecommendationPlan, now: int) -> list[Row]:
    before = decided_reps(connection, sorted(plan.reps), plan.name, NEXT_POLICY)
    if plan.record is None:
        return []
    fresh = [row for row in plan.record.decisions if row["rep_id"] not in before]
    if fresh:
        try:
            store_plan(connection, fresh, now, plan.record.learned)
        except IntegrityError as error:
            raise DecidedMeanwhile from error
    return fresh


def _decisions(connection: Connection, plan: RecommendationPlan) -> Sequence[Row]:
    territory, rep = plan.request.caller.territory, plan.request.rep_id
    if rep is not None:
        return week_of_rep(connection, rep, plan.name, territory)
    return week_of_accounts(connection, list(plan.accounts or ()), plan.name, territory)


def _no_decisions(plan: RecommendationPlan, rep: str, now: int) -> str:
    if plan.is_over(now):
        return f"week {plan.name} is over and has no decisions for rep {rep!r}"
    return f"rep {rep!r} has no open account in week {plan.name}"


def _count_objecting(connection: Connection, plan: RecommendationPlan) -> int:
    if plan.request.rep_id is not None:
        return len(objecting_of_rep(connection, plan.request.rep_id, plan.request.caller.territory))
    return sum(row["objected_at"] is not None for row in (plan.accounts or {}).values())


def _not_decided(connection: Connection, plan: RecommendationPlan, decided: set[str]) -> list[NotDecided]:
    rows = {name: row for name, row in (plan.accounts or {}).items() if name not in decided}
    long = long_histories(connection, list(rows))
    codes = {name: _undecided_code(row, name in long) for name, row in rows.items()}
    language = plan.request.language
    return [
        cast(NotDecided, {"account_id": name, "code": code, "text": text(f"plan.not_decided.{code}", language)})
        for name, code in codes.items()
    ]


def _undecided_code(account: Row, is_long: bool = False) -> str:
    """Why an account gets no decision in a week that its rep's hours are planned for: a code of `NotDecided`."""
    return unavailable_code(account, is_long) or "not_then"


def unavailable_code(account: Row, is_long: bool = False) -> str | None:
    """Return why no action may be recommended for an account now: a code of the messages `plan.not_decided`. `is_long`:
    whether it has more events than the service reads."""
    if account["objected_at"] is not None:
        return "objecting"
    if account["owner_rep_id"] is None:
        return "nobody"
    if account["status"] not in (None, "active"):
        return "closed"
    return "long_history" if is_long else None


def _recommended(row: Row, plan: RecommendationPlan, notes: Mapping[str, list[ContactNote]]) -> RecommendedDecision:
    more = {name: row[name] for name in ("rep_id", "probability")}
    language = plan.request.language
    planned = planned_decision(row, plan.time_zone, language, notes)
    return cast(RecommendedDecision, {**planned, **more, "evidence": _evidence(row, language)})


def _evidence(row: Row, language: str) -> Evidence | None:
    receipt = stored_receipt(row)
    if receipt is None or "actions" not in receipt:
        return None
    action, evidence = receipt["actions"][row["assigned"]], receipt["evidence"]
    score = receipt["score"] or dict.fromkeys(("churn_probability", "band", "value_at_risk"))
    return Evidence(
        code=evidence["code"],
        text=evidence_text(evidence, language),
        basis=action["basis"],
        effect=receipt["effect"],
        score=action["score"],
        churn_probability=score["churn_probability"],
        band=score["band"],
        value_at_risk=score["value_at_risk"],
    )
