"""Counts of accounts by their newest grades."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, and_, func, select

from serve.database.listing import FILTERS
from serve.database.tables import ACCOUNT_GRADES, ACCOUNTS
from serve.database.territory import Territory

COUNTED = ("level", "single_contact", "relationship_grade", "abc", "overall_class")


@dataclass(frozen=True)
class GradeCounts:
    """The earliest cutoff of the grades (None: there are none), the accounts graded, their mean emotional balance, and
    by column how many accounts have each value (None: not recorded)."""

    cutoff: int | None
    accounts: int
    emotional_balance: float | None
    counts: Mapping[str, Mapping[str | bool | None, int]]


def count_grades(connection: Connection, filters: Mapping[str, Sequence[str]], territory: Territory) -> GradeCounts:
    """Count the accounts of a territory that do not object. `filters`: name of `serve.database.listing.FILTERS`."""

    joined = ACCOUNT_GRADES.join(ACCOUNTS, ACCOUNTS.c.account_id == ACCOUNT_GRADES.c.account_id)
    chosen = and_(
        territory.of_accounts(),
        ACCOUNTS.c.objected_at.is_(None),
        *(FILTERS[name].in_(values) for name, values in filters.items()),
    )
    cutoff, balance = ACCOUNT_GRADES.c.cutoff, ACCOUNT_GRADES.c.emotional_balance
    whole = select(func.min(cutoff), func.count(), func.avg(balance)).select_from(joined).where(chosen)
    first, accounts, mean = connection.execute(whole).one()
    counts: dict[str, dict[str | bool | None, int]] = {}
    for name in COUNTED:
        column = ACCOUNT_GRADES.c[name]
        request = select(column, func.count()).select_from(joined).where(chosen).group_by(column)
        counts[name] = dict(connection.execute(request).tuples().all())
    return GradeCounts(first, accounts, mean, counts)
