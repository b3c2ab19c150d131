"""The stored decisions of a rep's week."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, exists, func, or_, select

from serve.store.tables import ACCOUNTS, DECISION_STATES, DECISIONS, REPS
from serve.store.territory import Territory

Row = Mapping[str, Any]


def is_rep(connection: Connection, rep_id: str, territory: Territory) -> bool:
    """Whether the rep is of the territory and named anywhere: among the reps, as an owner, in a decision."""
    named = or_(
        exists(select(1).where(REPS.c.rep_id == rep_id)),
        exists(select(1).where(ACCOUNTS.c.owner_rep_id == rep_id)),
        exists(select(1).where(DECISIONS.c.rep_id == rep_id)),
    )
    return territory.covers(rep_id) and bool(connection.execute(select(named)).scalar_one())


def objecting_of_rep(connection: Connection, rep_id: str, territory: Territory) -> frozenset[str]:
    """The rep's accounts, of the territory, for which nothing may be recommended by machine."""
    asked = select(ACCOUNTS.c.account_id).where(ACCOUNTS.c.owner_rep_id == rep_id, territory.of_accounts())
    return frozenset(connection.execute(asked.where(ACCOUNTS.c.objected_at.is_not(None))).scalars())


def week_of_rep(connection: Connection, rep_id: str, week: str, territory: Territory) -> Sequence[Row]:
    """The decisions for a rep's week about accounts of the territory, musts first, then by account, each with the
    columns of its account and of its newest state (`state`, `at`), with its first `reason`, `objected_at`."""
    numbered = select(DECISION_STATES.c.decision_id, func.max(DECISION_STATES.c.number).label("number"))
    newest = numbered.group_by(DECISION_STATES.c.decision_id).subquery()
    first, last = DECISION_STATES.alias("first"), DECISION_STATES.alias("last")
    joined = (
        DECISIONS.join(first, (first.c.decision_id == DECISIONS.c.decision_id) & (first.c.number == 0))
        .join(newest, newest.c.decision_id == DECISIONS.c.decision_id)
        .join(last, (last.c.decision_id == newest.c.decision_id) & (last.c.number == newest.c.number))
        .outerjoin(ACCOUNTS, ACCOUNTS.c.account_id == DECISIONS.c.account_id)
    )
    about = (ACCOUNTS.c.name.label("account_name"), ACCOUNTS.c.tier, ACCOUNTS.c.objected_at)
    asked = select(DECISIONS, *about, first.c.reason, last.c.state, last.c.at).select_from(joined)
    asked = asked.where(DECISIONS.c.rep_id == rep_id, DECISIONS.c.week == week, territory.of_accounts())
    must = func.coalesce(DECISIONS.c.must, False).desc()
    ordered = asked.order_by(must, DECISIONS.c.account_id, DECISIONS.c.cutoff)
    return [dict(row) for row in connection.execute(ordered).mappings()]


def week_of_all(connection: Connection, week: str) -> list[dict[str, Any]]:
    """The decisions of a week, of all reps, with the `reason` they were made for, `by` whom."""
    first = DECISION_STATES
    joined = DECISIONS.join(first, (first.c.decision_id == DECISIONS.c.decision_id) & (first.c.number == 0))
    asked = select(DECISIONS, first.c.reason, first.c.by).select_from(joined).where(DECISIONS.c.week == week)
    return [dict(row) for row in connection.execute(asked).mappings()]
