"""List the newest stored scores as they were stored: for a CRM that keeps them in step."""

from dataclasses import replace
from typing import cast

from kqml.contract.scores import StoredScore
from serve.database.score_listing import ScoreListing, list_newest_scores
from serve.database.territory import Territory
from serve.usecases.database_access import Transaction
from serve.usecases.stored_rows import ContractPage, contract_page
from serve.usecases.stored_scores import full_score

__all__ = ["ScoreListing", "list_scores"]


def list_scores(
    transaction: Transaction, listing: ScoreListing, territory: Territory, language: str
) -> ContractPage[StoredScore]:
    """Return one page of the newest score of each account, in the order in which they were stored."""
    rows = list_newest_scores(transaction.connection, replace(listing, limit=listing.limit + 1), territory)
    zone = transaction.time_zone
    return contract_page(
        rows,
        listing.limit,
        ("scored_at", "account_id"),
        lambda row: cast(StoredScore, {"account_id": row["account_id"], **full_score(row, zone, language)}),
    )
