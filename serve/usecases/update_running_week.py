"""Bring the running week up to date with what happened since its plan."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from kqml.calendar.business_time import moment_of
from kqml.contract.histories import AccountToScore
from kqml.duties import Period
from kqml.messages import LANGUAGES
from kqml.playbook import Playbook
from models.policy.planning.company import week_period
from models.policy.planning.next_action import NEXT_POLICY
from serve.database.contacts import Vault
from serve.database.dataset_info import read_info
from serve.database.decisions import OPEN
from serve.database.engine import Database
from serve.database.plans import decided_reps, latest_decisions
from serve.database.records import read_rows
from serve.database.tables import ACCOUNTS
from serve.database.week_updates import read_week_updates, remove_week_updates
from serve.security.callers import Caller, Scope
from serve.security.contact_vault import MASKED
from serve.usecases.database_access import Transaction
from serve.usecases.planning_request import PlanningModel
from serve.usecases.recommend_actions import unavailable_code
from serve.usecases.recommend_next_actions import NextActionsRequest, commit_next_actions, recommend_next_actions
from serve.usecases.week_changes import withdraw_closed
from serve.webhooks.outbox import enqueue

AT_ONCE = 50
"""Accounts that one update looks at."""

AUTHOR = Caller("kqml", frozenset({Scope.WRITE_DECISIONS}))
"""In whose name the service adds required actions."""


@dataclass(frozen=True)
class UpdateRunningWeekRequest:
    """The rules, the model (None: without one), what decrypts birthdays."""

    playbook: Playbook
    model: PlanningModel | None
    vault: Vault = MASKED


@dataclass(frozen=True)
class UpdateRunningWeekResult:
    """How many queued accounts were looked at, how many decisions were added and withdrawn."""

    accounts: int
    added: int
    withdrawn: int = 0


def update_running_week(database: Database, request: UpdateRunningWeekRequest, now: int) -> UpdateRunningWeekResult:
    """Store the required actions that the running week lacks for queued accounts, and the first decision about accounts
    that are new to a rep; withdraw the decisions about closed accounts; take the accounts off the queue.

    Accounts of reps whose week is not planned yet are left to their plan. Raises DecidedMeanwhile where the week
    changes at the same time: the accounts stay queued then.
    """
    with database.snapshot() as connection:
        updates = read_week_updates(connection, AT_ONCE)
        if not updates:
            return UpdateRunningWeekResult(0, 0)
        transaction = Transaction(connection, read_info(connection).time_zone)
        week, names = week_period(moment_of(now, transaction.time_zone).date()), [name for name, _ in updates]
        closed = _closed(transaction, names)
        accounts = _of_planned_weeks(transaction, [name for name in names if name not in closed], week)
        results = [
            recommend_next_actions(transaction, question, now)
            for question in _questions(transaction, request, accounts, (week, now))
        ]
    with database.writing() as connection:
        transaction = replace(transaction, connection=connection)
        added = sum(commit_next_actions(transaction, result, now, only_required=True) for result in results)
        messages = withdraw_closed(connection, closed, week.week_name, AUTHOR.name, now)
        enqueue(connection, messages, now)
        remove_week_updates(connection, updates)
    return UpdateRunningWeekResult(len(updates), added, len(messages))


def _closed(transaction: Transaction, ids: Sequence[str]) -> list[str]:
    """Those of the accounts that are no longer active."""
    rows = read_rows(transaction.connection, ACCOUNTS, ids)
    return [name for name in ids if name in rows and unavailable_code(rows[name]) == "closed"]


def _of_planned_weeks(transaction: Transaction, ids: Sequence[str], week: Period) -> list[str]:
    """Those of the accounts whose rep's week is planned."""
    connection = transaction.connection
    owners = {name: row["owner_rep_id"] for name, row in read_rows(connection, ACCOUNTS, ids).items()}
    planned = decided_reps(connection, sorted(set(owners.values()) - {None}), week.week_name, NEXT_POLICY)
    return [name for name in ids if owners.get(name) in planned]


def _questions(
    transaction: Transaction, request: UpdateRunningWeekRequest, accounts: Sequence[str], when: tuple[Period, int]
) -> Iterator[NextActionsRequest]:
    """Yield the questions about accounts. A birthday asks for a greeting only where nothing else is to be done in the
    week: it must not replace a visit."""
    (week, now), wait = when, request.playbook.action_names[0]
    rows = latest_decisions(transaction.connection, [], accounts, week.week_name, now)
    busy = {row["account_id"] for row in rows if row["state"] in OPEN and row["assigned"] != wait}
    for names, vault in (
        ([name for name in accounts if name in busy], MASKED),
        ([name for name in accounts if name not in busy], request.vault),
    ):
        if names:
            yield _question(request, names, vault)


def _question(request: UpdateRunningWeekRequest, accounts: Sequence[str], vault: Vault) -> NextActionsRequest:
    return NextActionsRequest(
        accounts=[AccountToScore(name) for name in accounts],
        as_of=None,
        caller=AUTHOR,
        playbook=request.playbook,
        model=request.model,
        language=LANGUAGES[0],  # its texts are not shown; decisions hold none
        commit=True,
        vault=vault,
    )
