"""Show a rep's portfolio: accounts, value at risk, open promises, complaints and appointments."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, cast

from kqml.calendar.business_time import moment_of
from kqml.contract.portfolios import Portfolio, PortfolioAccount, PortfolioTotals
from kqml.playbook import Playbook
from models.policy.planning.company import week_period
from serve.database.listing import portfolio_accounts
from serve.database.plans import is_rep
from serve.database.reps import read_rep
from serve.database.territory import Territory
from serve.usecases.database_access import Transaction
from serve.usecases.duty_pages import DutyFilter, duties_of_accounts
from serve.usecases.follow_contacts import APPOINTMENT
from serve.usecases.list_duties import ListDutiesRequest
from serve.usecases.planning_inputs import MOST_ACCOUNTS
from serve.usecases.refusals import RequestFault, UnknownRecord, refuse

Row = Mapping[str, Any]

COUNTS = ("promises", "complaints", "appointments", "overdue")
ACCOUNTS_AT_ONCE = 100


def show_portfolio(
    transaction: Transaction, rep_id: str, territory: Territory, playbook: Playbook, now: int
) -> Portfolio:
    """Return what a rep looks after now. Raises UnknownRecord, FaultyRequest where it is too much for one request."""
    connection, zone = transaction.connection, transaction.time_zone
    if not is_rep(connection, rep_id, territory):
        raise UnknownRecord("rep", rep_id)
    rows = portfolio_accounts(connection, rep_id, territory, MOST_ACCOUNTS + 1)
    if len(rows) > MOST_ACCOUNTS:
        refuse([RequestFault(("rep_id",), f"the rep has more than {MOST_ACCOUNTS} accounts; list them by `rep`")])
    counts = _open_issues(transaction, [row["account_id"] for row in rows], territory, playbook, now)
    accounts = [cast(PortfolioAccount, {**row, **counts[row["account_id"]]}) for row in rows]
    rep = read_rep(connection, rep_id, territory)
    left = None if rep is None else rep["left_on"]
    return Portfolio(
        rep_id=rep_id,
        as_of=moment_of(now, zone).isoformat(),
        left_on=None if left is None else left.isoformat(),
        totals=_totals(accounts),
        accounts=accounts,
    )


def _open_issues(
    transaction: Transaction, ids: Sequence[str], territory: Territory, playbook: Playbook, now: int
) -> dict[str, dict[str, int]]:
    """Return the numbers of COUNTS of each account by the duties as of now."""
    week = week_period(moment_of(now, transaction.time_zone).date())
    duties = ListDutiesRequest(playbook=playbook, period=week, cutoff=now, personal=False)
    counts: Counter[tuple[str, str]] = Counter()
    for start in range(0, len(ids), ACCOUNTS_AT_ONCE):
        part = ids[start : start + ACCOUNTS_AT_ONCE]
        for row in duties_of_accounts(transaction.connection, DutyFilter(duties, territory), part).values():
            if row["state"] in ("due", "overdue") and row["duty"] in ("promise", "complaint"):
                counts[row["account_id"], _issue(row)] += 1
                counts[row["account_id"], "overdue"] += row["state"] == "overdue"
    return {name: {issue: counts[name, issue] for issue in COUNTS} for name in ids}


def _issue(duty: Row) -> str:
    if duty["duty"] == "complaint":
        return "complaints"
    return "appointments" if duty["event_id"].startswith(APPOINTMENT) else "promises"


def _totals(accounts: Sequence[PortfolioAccount]) -> PortfolioTotals:
    known = [row["value_at_risk"] for row in accounts if row["value_at_risk"] is not None]
    sums = {name: sum(cast(Row, row)[name] for row in accounts) for name in COUNTS}
    total = sum(known) if known else None
    return cast(PortfolioTotals, {"accounts": len(accounts), "value_at_risk": total, **sums})
