"""List accounts with their scores, grades, open actions and last contacts, a page at a time."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from kqml.calendar.business_time import moment_of
from kqml.contract.accounts import AccountFields, GradeSummary, LastContact, ListedAccount
from kqml.contract.decisions import WeekDecision
from kqml.contract.fields import field_names
from models.churn.reasons.named_facts import CONTACTS
from models.policy.planning.company import week_period
from serve.database.decisions import OPEN
from serve.database.last_contacts import last_contacts
from serve.database.listing import Listing
from serve.database.listing import list_accounts as list_rows
from serve.database.plans import latest_decisions
from serve.security.callers import Caller, Scope
from serve.usecases.database_access import Transaction
from serve.usecases.stored_rows import ContractPage, contract_fields
from serve.usecases.stored_scores import listed_score

__all__ = ["ListAccountsRequest", "Listing", "list_accounts"]

Row = Mapping[str, Any]
FIELDS, GRADES = field_names(AccountFields), field_names(GradeSummary)
CONTACT_KINDS = sorted(kind.code for kind in CONTACTS)


@dataclass(frozen=True)
class ListAccountsRequest:
    """Which accounts the caller lists, when; the language of reasons."""

    listing: Listing
    caller: Caller
    now: int
    language: str


def list_accounts(transaction: Transaction, request: ListAccountsRequest) -> ContractPage[ListedAccount]:
    """Return one page of accounts.

    Scores and grades are those of the last scoring of all accounts, because the class of sales ranks accounts among
    each other. The open action and the last contact are read for the accounts of the page, as they are now.
    """
    page = list_rows(transaction.connection, request.listing, request.caller.territory)
    actions, contacts = _actions(transaction, request, page.rows), _contacts(transaction, request, page.rows)
    zone = transaction.time_zone
    accounts = [
        {
            **contract_fields(row, FIELDS, zone),
            "score": listed_score(row, zone, request.language),
            "grades": _grades(row, zone),
            "next_action": actions.get(row["account_id"]),
            "last_contact": contacts.get(row["account_id"]),
        }
        for row in page.rows
    ]
    return ContractPage(cast(list[ListedAccount], accounts), page.last)


def _actions(transaction: Transaction, request: ListAccountsRequest, rows: Sequence[Row]) -> dict[str, WeekDecision]:
    """The open decisions of the present week by account."""
    if Scope.READ_DECISIONS not in request.caller.scopes:
        return {}
    week = week_period(moment_of(request.now, transaction.time_zone).date()).week_name
    ids = [row["account_id"] for row in rows if row["objected_at"] is None]
    decisions = latest_decisions(transaction.connection, [], ids, week, request.now)
    return {
        row["account_id"]: WeekDecision(decision_id=row["decision_id"], action=row["assigned"], state=row["state"])
        for row in decisions
        if row["state"] in OPEN
    }


def _contacts(transaction: Transaction, request: ListAccountsRequest, rows: Sequence[Row]) -> dict[str, LastContact]:
    ids = [row["account_id"] for row in rows]
    contacts = last_contacts(transaction.connection, ids, CONTACT_KINDS, request.now + 1)
    return {
        name: LastContact(
            kind=row["kind"],
            at=moment_of(row["occurred_at"], transaction.time_zone).isoformat(),
            rep_id=row["rep_id"],
        )
        for name, row in contacts.items()
    }


def _grades(row: Row, zone: str) -> GradeSummary | None:
    if row["grade_cutoff"] is None or row["objected_at"] is not None:
        return None
    grades = {name: row["grade_cutoff" if name == "as_of" else f"grade_{name}"] for name in GRADES}
    return cast(GradeSummary, contract_fields(grades, GRADES, zone))
