"""Recommend the next action of accounts as of now or of an earlier instant; store it as a decision where asked to."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, cast

import orjson
from sqlalchemy import Connection

from kqml.calendar.business_time import moment_of
from kqml.contract.histories import AccountToScore
from kqml.contract.next_actions import NextAction, NextActions
from kqml.contract.scores import ModelRef
from kqml.duties import Period
from kqml.messages import text
from kqml.playbook import Playbook
from models.policy.planning.company import week_period
from models.policy.planning.next_action import DECIDED_BEFORE, EarlierDecision
from serve.database.contacts import Vault
from serve.database.decisions import OPEN, add_decisions
from serve.database.learned import add_learned
from serve.database.long_histories import long_histories
from serve.database.plans import lock_accounts
from serve.database.records import read_rows
from serve.database.tables import ACCOUNTS
from serve.security.callers import Caller, Scope
from serve.security.contact_vault import MASKED
from serve.usecases.contact_notes import read_notes
from serve.usecases.database_access import Transaction
from serve.usecases.next_action_plans import PlannedNextActions, plan_given, plan_stored
from serve.usecases.next_action_results import next_action_results, no_action, without_rep
from serve.usecases.plan_records import PlanRecord, plan_record
from serve.usecases.planning_request import PlanningModel, PlanWeekRequest
from serve.usecases.recommend_actions import DecidedMeanwhile, unavailable_code
from serve.usecases.refusals import RequestFault, refuse
from serve.usecases.request_histories import build_histories
from serve.usecases.week_changes import postpone_optional, withdraw_replaced
from serve.webhooks.message_types import plan_changed
from serve.webhooks.outbox import enqueue

Row = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class NextActionsRequest:
    """Accounts, each with a history or as the database knows it; the instant (None: now); who asks; by which rules and
    model (None: without one); the language of texts; whether the actions are stored as decisions; what decrypts
    birthdays, if anything."""

    accounts: Sequence[AccountToScore]
    as_of: int | None
    caller: Caller
    playbook: Playbook
    model: PlanningModel | None
    language: str
    commit: bool = False
    vault: Vault = MASKED

    @property
    def commits(self) -> bool:
        """Whether actions are stored: they are of now, and the caller may decide. Otherwise they are previews."""
        return self.commit and self.as_of is None and Scope.WRITE_DECISIONS in self.caller.scopes

    @cached_property
    def given(self) -> list[AccountToScore]:
        """The accounts that come with a history."""
        return [account for account in self.accounts if account.events is not None]

    def week_request(self, week: Period, reps: frozenset[str]) -> PlanWeekRequest:
        """Return the request of planning that reads the inputs."""
        return PlanWeekRequest(week, self.playbook, self.model, self.caller.name, reps, vault=self.vault)


@dataclass(frozen=True)
class RecommendedNextActions:
    """The next actions of a request as a preview. `plan`, `record`: of the accounts of the database with the rows that
    a commit stores, None without such accounts."""

    content: NextActions
    plan: PlannedNextActions | None = None
    record: PlanRecord | None = None


def recommend_next_actions(transaction: Transaction, request: NextActionsRequest, now: int) -> RecommendedNextActions:
    """Return the next action of each account from one snapshot; nothing is written and nobody else's week is decided.

    Raises FaultyRequest where accounts are unknown, named twice or have faulty histories, where the instant is to come,
    and where a profile comes without a history.
    """
    connection, zone = transaction.connection, transaction.time_zone
    cutoff = now if request.as_of is None else request.as_of
    refuse(list(_faults(request, now)))
    when = week_period(moment_of(cutoff, zone).date()), cutoff
    rows = _stored_accounts(connection, request)
    long = long_histories(connection, sorted(rows))
    codes = {name: unavailable_code(row, name in long) for name, row in rows.items()}
    results = {name: no_action(name, code, request.language) for name, code in codes.items() if code is not None}
    owners = {name: row["owner_rep_id"] for name, row in rows.items() if name not in results}
    stored, record = None, None
    if owners:
        stored = plan_stored(connection, request.week_request(when[0], frozenset(owners.values())), when, owners)
        record = _record(stored, request)
        results |= next_action_results(stored, record, request.language)
        for name, notes in read_notes(transaction, list(owners)).items():
            results[name]["notes"] = notes
    if request.given:
        build_histories(request.given, cutoff, now, {}, zone)  # raises FaultyRequest with the faults of the histories
        given = plan_given(connection, request.week_request(when[0], frozenset()), when, request.given)
        answers = next_action_results(given, _record(given, request), request.language)
        results |= without_rep(answers, request.language)
    if request.commit:
        _warn_of_previews(results, request)
    model = None if request.model is None else {"version": request.model.version, "grade": request.model.grade}
    content = NextActions(
        model=cast(ModelRef | None, model),
        as_of=moment_of(cutoff, zone).isoformat(),
        next_actions=[results[account.account_id] for account in request.accounts],
    )
    return RecommendedNextActions(content, stored, record)


def commit_next_actions(
    transaction: Transaction, recommended: RecommendedNextActions, now: int, *, only_required: bool = False
) -> int:
    """Store the actions that the week does not hold yet, put the ids of all decisions into the content, and return how
    many are new.

    `only_required`: leave out actions that nothing requires, unless the rep's week holds no decision about the account.
    What a new decision replaces is withdrawn; required ones postpone optional actions for which no time is left.

    Raises DecidedMeanwhile where the week has changed since the actions were recommended."""
    plan, record = recommended.plan, recommended.record
    if plan is None or record is None:
        return 0
    if plan.is_outdated(transaction.connection, now):
        raise DecidedMeanwhile
    return _store(transaction.connection, recommended, (plan, record), now, only_required=only_required)


def decide_next_actions(
    transaction: Transaction, request: NextActionsRequest, now: int
) -> tuple[RecommendedNextActions, int]:
    """Recommend and store next actions in one transaction, while other decisions about the accounts wait; return them
    with how many are new. Slower for others than to recommend first, but nothing can be decided meanwhile."""
    names = [account.account_id for account in request.accounts if account.events is None]
    lock_accounts(transaction.connection, names)
    recommended = recommend_next_actions(transaction, request, now)
    plan, record = recommended.plan, recommended.record
    if plan is None or record is None:
        return recommended, 0
    return recommended, _store(transaction.connection, recommended, (plan, record), now)


def _store(
    connection: Connection,
    recommended: RecommendedNextActions,
    planned: tuple[PlannedNextActions, PlanRecord],
    now: int,
    *,
    only_required: bool = False,
) -> int:
    (plan, record), rows, messages, ids = planned, [], [], {}
    for row in record.decisions:
        earlier = plan.so_far.earlier.get(row["account_id"])
        if earlier is not None and not _is_new(row, earlier):
            ids[row["account_id"]] = earlier.decision_id
            continue
        if only_required and not row["must"] and earlier is not None and earlier.stands_for(row["rep_id"]):
            continue
        replaces = None if earlier is None else earlier.decision_id
        receipt = {"replaces": replaces, **orjson.loads(row["receipt"])}
        rows.append({**row, "receipt": orjson.dumps(receipt).decode()})
        messages.append(plan_changed(row, replaces))
        ids[row["account_id"]] = row["decision_id"]
    for action in recommended.content["next_actions"]:
        action["decision_id"] = ids.get(action["account_id"])
    if rows:
        add_learned(connection, record.learned, now)
        add_decisions(connection, rows, now)
        withdraw_replaced(connection, rows, plan.so_far.earlier, now)
        messages += postpone_optional(connection, plan.actions.planned.plan.company, rows, now)
        enqueue(connection, messages, now)
    return len(rows)


def _warn_of_previews(results: Mapping[str, NextAction], request: NextActionsRequest) -> None:
    """Say with every action that is not stored although the request commits."""
    warning = text("plan.next.preview", request.language)
    for account in request.accounts:
        if not request.commits or account.events is not None:
            results[account.account_id]["warnings"].append(warning)


def _faults(request: NextActionsRequest, now: int) -> Iterator[RequestFault]:
    if request.as_of is not None and request.as_of > now:
        yield RequestFault(("as_of",), "is in the future; what will be known by then is not known yet")
    seen: set[str] = set()
    for index, account in enumerate(request.accounts):
        if account.account_id in seen:
            yield RequestFault(("accounts", index, "account_id"), f"{account.account_id!r} is a duplicate")
        seen.add(account.account_id)
        if account.events is None and account.account is not None:
            yield RequestFault(("accounts", index, "events"), "is missing: a profile goes with a history")


def _stored_accounts(connection: Connection, request: NextActionsRequest) -> dict[str, Row]:
    """The rows of the accounts without a history. Raises FaultyRequest for those that are not in the territory."""
    ids = [account.account_id for account in request.accounts if account.events is None]
    rows, covers = read_rows(connection, ACCOUNTS, ids), request.caller.territory.covers
    refuse(
        [
            RequestFault(
                ("accounts", index, "account_id"), f"account {name!r} does not exist; send its events to plan for it"
            )
            for index, account in enumerate(request.accounts)
            if account.events is None
            and ((name := account.account_id) not in rows or not covers(rows[name]["owner_rep_id"]))
        ]
    )
    return {name: rows[name] for name in ids}


def _record(plan: PlannedNextActions, request: NextActionsRequest) -> PlanRecord:
    stamp = None if request.model is None else request.model.stamp
    return plan_record(plan.actions.planned, plan.features, stamp, request.caller.name)


def _is_new(row: Row, earlier: EarlierDecision) -> bool:
    """Return whether an action differs from what the week holds for the account."""
    if row["reason"] in DECIDED_BEFORE:
        return False
    stands = earlier.state in OPEN and earlier.stands_for(row["rep_id"])
    return not stands or earlier.action != row["assigned"]
