"""Lists of accounts with their newest scores and grades, filtered, sorted, by page."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, func, or_, select, tuple_

from serve.database.account_grades import GRADES
from serve.database.records import columns_of
from serve.database.tables import ACCOUNT_GRADES, ACCOUNTS, LATEST_SCORES, SCORES
from serve.database.territory import Territory

LEAST = -1e300
"""Less than every balance."""

SORTS: Mapping[str, ColumnElement[Any]] = {
    "churn_probability": func.coalesce(LATEST_SCORES.c.churn_probability, -1.0),
    "value_at_risk": func.coalesce(LATEST_SCORES.c.value_at_risk, -1.0),
    "emotional_balance": func.coalesce(ACCOUNT_GRADES.c.emotional_balance, LEAST),
    "name": func.coalesce(ACCOUNTS.c.name, ""),
    "account_id": ACCOUNTS.c.account_id,
}
"""Sort keys; accounts without a value come where the smallest value would."""

FILTERS: Mapping[str, ColumnElement[Any]] = {
    "account": ACCOUNTS.c.account_id,
    "tier": ACCOUNTS.c.tier,
    "segment": ACCOUNTS.c.segment,
    "region": ACCOUNTS.c.region,
    "rep": ACCOUNTS.c.owner_rep_id,
    "status": ACCOUNTS.c.status,
    "band": LATEST_SCORES.c.band,
    "level": ACCOUNT_GRADES.c.level,
    "relationship_grade": ACCOUNT_GRADES.c.relationship_grade,
    "overall_class": ACCOUNT_GRADES.c.overall_class,
}

THRESHOLDS: Mapping[str, ColumnElement[Any]] = {
    "probability_from": LATEST_SCORES.c.churn_probability,
    "value_at_risk_from": LATEST_SCORES.c.value_at_risk,
}
"""The least value of a column; accounts without one do not match."""

GRADE = (
    ACCOUNT_GRADES.c.cutoff.label("grade_cutoff"),
    *(ACCOUNT_GRADES.c[name].label(f"grade_{name}") for name in GRADES),
)
SCORE = tuple(LATEST_SCORES.c[name].label(f"score_{name}") for name in columns_of(LATEST_SCORES))


@dataclass(frozen=True)
class Listing:
    """Which accounts, in which order. `filters`: name of FILTERS → values, any of which matches; `thresholds`: name of
    THRESHOLDS → least value; `search`: a part of the name or id; `changed_since`: only accounts put in, changed or
    scored then or later. `after`: the sort key and the id of the last account of the page before."""

    sort: str
    descending: bool
    limit: int
    filters: Mapping[str, Sequence[str]] = field(default_factory=dict)
    thresholds: Mapping[str, float] = field(default_factory=dict)
    search: str | None = None
    changed_since: int | None = None
    after: tuple[Any, str] | None = None


@dataclass(frozen=True)
class Page:
    """Rows of accounts with `score_…`, `grade_…` columns; `last`: the key that the next page follows, else None."""

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
    """Return an account with its newest score and grades; None where it does not exist in the territory."""
    request = accounts_with_scores().where(ACCOUNTS.c.account_id == account_id, territory.of_accounts())
    rows = connection.execute(request).mappings().first()
    return None if rows is None else dict(rows)


def portfolio_accounts(
    connection: Connection, rep_id: str, territory: Territory, limit: int
) -> Sequence[Mapping[str, Any]]:
    """Return at most `limit` active accounts of a rep, the largest value at risk first: account_id, name, tier,
    churn_probability, band, value_at_risk."""
    scores = (LATEST_SCORES.c[name] for name in ("churn_probability", "band", "value_at_risk"))
    joined = ACCOUNTS.outerjoin(LATEST_SCORES, ACCOUNTS.c.account_id == LATEST_SCORES.c.account_id)
    request = select(ACCOUNTS.c.account_id, ACCOUNTS.c.name, ACCOUNTS.c.tier, *scores).select_from(joined)
    active = func.coalesce(ACCOUNTS.c.status, "active") == "active"
    request = request.where(ACCOUNTS.c.owner_rep_id == rep_id, active, territory.of_accounts())
    ordered = request.order_by(SORTS["value_at_risk"].desc(), ACCOUNTS.c.account_id).limit(limit)
    return [{str(name): value for name, value in row.items()} for row in connection.execute(ordered).mappings()]


def accounts_with_scores() -> Select[Any]:
    """Return the query of all accounts with their newest scores, the reasons of these, and the newest grades."""
    key = ("account_id", "cutoff", "model")
    same = and_(*(SCORES.c[name] == LATEST_SCORES.c[name] for name in key))
    joined = (
        ACCOUNTS.outerjoin(LATEST_SCORES, ACCOUNTS.c.account_id == LATEST_SCORES.c.account_id)
        .outerjoin(SCORES, same)
        .outerjoin(ACCOUNT_GRADES, ACCOUNTS.c.account_id == ACCOUNT_GRADES.c.account_id)
    )
    return select(ACCOUNTS, *SCORE, SCORES.c.reasons.label("score_reasons"), *GRADE).select_from(joined)


def _filtered(request: Select[Any], listing: Listing, territory: Territory) -> Select[Any]:
    for name, values in listing.filters.items():
        request = request.where(FILTERS[name].in_(values))
    for name, least in listing.thresholds.items():
        request = request.where(THRESHOLDS[name] >= least)
    if listing.search is not None:
        names = (ACCOUNTS.c.name, ACCOUNTS.c.account_id)
        request = request.where(or_(*(name.icontains(listing.search, autoescape=True) for name in names)))
    if listing.changed_since is not None:
        changed = (ACCOUNTS.c.updated_at, LATEST_SCORES.c.scored_at)
        request = request.where(or_(*(at >= listing.changed_since for at in changed)))
    return request.where(territory.of_accounts(), ACCOUNTS.c.erased_at.is_(None))
