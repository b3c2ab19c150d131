"""List decisions as they changed: for a CRM that keeps them in step."""

from collections.abc import Mapping
from typing import Any, cast

from kqml.contract.decisions import ListedDecision
from kqml.contract.fields import field_names
from serve.database.decision_listing import DecisionListing
from serve.database.decision_listing import list_decisions as list_rows
from serve.database.decisions import FOLLOWS
from serve.database.territory import Territory
from serve.usecases.database_access import Transaction
from serve.usecases.stored_rows import ContractPage, contract_fields, contract_page

__all__ = ["DecisionListing", "list_decisions"]

FIELDS = tuple(name for name in field_names(ListedDecision) if name != "next")


def list_decisions(
    transaction: Transaction, listing: DecisionListing, territory: Territory
) -> ContractPage[ListedDecision]:
    """Return one page of decisions in the order of their latest change; accounts that object are left out."""
    wanted = DecisionListing(**{**vars(listing), "limit": listing.limit + 1})
    rows = list_rows(transaction.connection, wanted, territory)
    return contract_page(
        rows, listing.limit, ("changed_at", "decision_id"), lambda row: _listed(row, transaction.time_zone)
    )


def _listed(row: Mapping[str, Any], zone: str) -> ListedDecision:
    return cast(ListedDecision, {**contract_fields(row, FIELDS, zone), "next": FOLLOWS[row["state"]]})
