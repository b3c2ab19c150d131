"""Lists of accounts with their newest scores, filtered, sorted, by page."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, func, select, tuple_

from serve.database.records import columns_of
from serve.database.tables import ACCOUNTS, LATEST_SCORES
from serve.database.territory import Territory

SORTS: Mapping[str, ColumnElement[Any]] = {
    "churn_probability": func.coalesce(LATEST_SCORES.c.churn_probability, -1.0),
    "value_at_risk": func.coalesce(LATEST_SCORES.c.value_at_risk, -1.0),
    "name": func.coalesce(ACCOUNTS.c.name, ""),
    "account_id": ACCOUNTS.c.account_id,
}
"""Sort keys; accounts without a value come where the smallest value would."""

FILTERS: Mapping[str, ColumnElement[Any]] = {
    "tier": ACCOUNTS.c.tier,
    "segment": ACCOUNTS.c.segment,
    "region": ACCOUNTS.c.region,
    "rep": ACCOUNTS.c.owner_rep_id,
    "status": ACCOUNTS.c.status,
    "band": LATEST_SCORES.c.band,
}

SCORE = tuple(LATEST_SCORES.c[name].label(f"score_{name}") for name in columns_of(LATEST_SCORES))


@dataclass(frozen=True)
class Listing:
    """Which accounts, in which order. `filters`: name of FILTERS → values, any of which matches. `after`: the sort key
    and the id of the last account of the page before."""

    sort: str
    descending: bool
    limit: int
    filters: Mapping[str, Sequence[str]] = field(default_factory=dict)
    after: tuple[Any, str] | None = None


@dataclass(frozen=True)
class Page:
    """Rows of accounts with `score_…` columns; `last`: the key that the next page follows, None at the end."""

    rows: Sequence[Mapping[str, Any]]
    last: tuple[Any, str] | None


def list_accounts(connection: Connection, listing: Listing, territory: Territory) -> Page:
    """Return one page. Pages neither repeat nor skip accounts whose sort key does not change meanwhile."""
    key = SORTS[listing.sort]
    request = _filtered(accounts_with_scores().add_columns(key.label("sort_key")), listing, territory)
    if listing.after is not None:
        sort_key = tuple_(key, ACCOUNTS.c.account_id)
        request = request.where(sort_key < listing.after if listing.descending else sort_key > listing.after)
    order = (key, ACCOUNTS.c.account_id)
    request = request.order_by(*(column.desc() if listing.descending else column for column in order))
    rows = [dict(row) for row in connection.execute(request.limit(listing.limit + 1)).mappings()]
    page = rows[: listing.limit]
    last = (page[-1]["sort_key"], page[-1]["account_id"]) if len(rows) > listing.limit else None
    return Page(page, last)


def read_account(connection: Connection, account_id: str, territory: Territory) -> Mapping[str, Any] | None:
    """Return an account with its newest score; None where it does not exist in the territory."""
    request = accounts_with_scores().where(ACCOUNTS.c.account_id == account_id, territory.of_accounts())
    rows = connection.execute(request).mappings().first()
    return None if rows is None else dict(rows)


def accounts_with_scores() -> Select[Any]:
    """Return the query of all accounts with their newest scores."""
    joined = ACCOUNTS.outerjoin(LATEST_SCORES, ACCOUNTS.c.account_id == LATEST_SCORES.c.account_id)
    return select(ACCOUNTS, *SCORE).select_from(joined)


def _filtered(request: Select[Any], listing: Listing, territory: Territory) -> Select[Any]:
    for name, values in listing.filters.items():
        request = request.where(FILTERS[name].in_(values))
    return request.where(territory.of_accounts())
