"""Read the stored decisions of weeks."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, exists, func, or_, select

from serve.database.tables import ACCOUNTS, DECISION_STATES, DECISIONS, REPS
from serve.database.territory import Territory

Row = Mapping[str, Any]


def is_rep(connection: Connection, rep_id: str, territory: Territory) -> bool:
    """Return whether a rep of the territory is known: among the reps, as an owner, or in a decision."""
    named = or_(
        exists(select(1).where(REPS.c.rep_id == rep_id)),
        exists(select(1).where(ACCOUNTS.c.owner_rep_id == rep_id)),
        exists(select(1).where(DECISIONS.c.rep_id == rep_id)),
    )
    return territory.covers(rep_id) and bool(connection.execute(select(named)).scalar_one())


def objecting_of_rep(connection: Connection, rep_id: str, territory: Territory) -> frozenset[str]:
    """Return the rep's accounts in the territory that object to automated recommendations."""
    request = select(ACCOUNTS.c.account_id).where(ACCOUNTS.c.owner_rep_id == rep_id, territory.of_accounts())
    return frozenset(connection.execute(request.where(ACCOUNTS.c.objected_at.is_not(None))).scalars())


def week_of_rep(connection: Connection, rep_id: str, week: str, territory: Territory) -> Sequence[Row]:
    """Return the decisions of a rep's week about accounts of the territory, required ones first, then by account, each
    with columns of its account and of its newest state (`state`, `at`), its first `reason`, and `objected_at`."""
    return _with_states(connection, (DECISIONS.c.rep_id == rep_id, DECISIONS.c.week == week, territory.of_accounts()))


def week_of_accounts(connection: Connection, ids: Sequence[str], week: str, territory: Territory) -> Sequence[Row]:
    """Return the same for accounts of any reps."""
    about = (DECISIONS.c.account_id.in_(ids), DECISIONS.c.week == week, territory.of_accounts())
    return _with_states(connection, about)


def done_in_week(connection: Connection, rep_id: str, week: str) -> Mapping[str, int]:
    """Return when each decision of a rep's week was done last, by its id; also of those that are open again."""
    joined = DECISION_STATES.join(DECISIONS, DECISIONS.c.decision_id == DECISION_STATES.c.decision_id)
    request = select(DECISION_STATES.c.decision_id, DECISION_STATES.c.at).select_from(joined)
    about = (DECISIONS.c.rep_id == rep_id, DECISIONS.c.week == week, DECISION_STATES.c.state == "done")
    ordered = request.where(*about).order_by(DECISION_STATES.c.number)
    return {str(name): int(at) for name, at in connection.execute(ordered)}


def decided_reps(connection: Connection, reps: Sequence[str], week: str, not_by: str) -> frozenset[str]:
    """Return those of the reps that have decisions in the week, other than by the policy `not_by`."""
    request = select(DECISIONS.c.rep_id).where(DECISIONS.c.rep_id.in_(reps), DECISIONS.c.week == week)
    return frozenset(connection.execute(request.where(DECISIONS.c.policy != not_by).distinct()).scalars())


def lock_accounts(connection: Connection, ids: Sequence[str]) -> None:
    """Let other transactions that lock these accounts wait; SQLite has one writer anyway."""
    request = select(ACCOUNTS.c.account_id).where(ACCOUNTS.c.account_id.in_(ids)).order_by(ACCOUNTS.c.account_id)
    connection.execute(request.with_for_update())


def latest_decisions(
    connection: Connection, reps: Sequence[str], ids: Sequence[str], week: str, at: int
) -> Sequence[Row]:
    """Return the latest decision of the week about each account of the reps and each of `ids`, as known at an
    instant: decision_id, account_id, rep_id, assigned, state, cutoff."""
    about = or_(DECISIONS.c.rep_id.in_(reps), DECISIONS.c.account_id.in_(ids))
    names = ("decision_id", "account_id", "rep_id", "assigned", "cutoff")
    joined = DECISIONS.join(DECISION_STATES, DECISION_STATES.c.decision_id == DECISIONS.c.decision_id)
    request = select(*(DECISIONS.c[name] for name in names), DECISION_STATES.c.state).select_from(joined)
    request = request.where(DECISIONS.c.week == week, about, DECISION_STATES.c.known_at <= at)
    ordered = request.order_by(DECISIONS.c.cutoff, DECISION_STATES.c.number)
    return list({row["account_id"]: dict(row) for row in connection.execute(ordered).mappings()}.values())


def read_week(connection: Connection, ids: Sequence[str], week: str) -> Sequence[Row]:
    """Return account_id, policy and recorded_at of the decisions of a week about some accounts."""
    columns = (DECISIONS.c.account_id, DECISIONS.c.policy, DECISIONS.c.recorded_at)
    request = select(*columns).where(DECISIONS.c.account_id.in_(ids), DECISIONS.c.week == week)
    return [dict(row) for row in connection.execute(request).mappings()]


def _with_states(connection: Connection, about: Sequence[ColumnElement[bool]]) -> Sequence[Row]:
    first, last = DECISION_STATES.alias("first"), DECISION_STATES.alias("last")
    inner = DECISION_STATES.alias("inner")
    newest = select(func.max(inner.c.number)).where(inner.c.decision_id == DECISIONS.c.decision_id)
    joined = (
        DECISIONS.join(first, (first.c.decision_id == DECISIONS.c.decision_id) & (first.c.number == 0))
        .join(last, (last.c.decision_id == DECISIONS.c.decision_id) & (last.c.number == newest.scalar_subquery()))
        .outerjoin(ACCOUNTS, ACCOUNTS.c.account_id == DECISIONS.c.account_id)
    )
    columns = (ACCOUNTS.c.name.label("account_name"), ACCOUNTS.c.tier, ACCOUNTS.c.objected_at)
    request = select(DECISIONS, *columns, first.c.reason, last.c.state, last.c.at).select_from(joined).where(*about)
    must = func.coalesce(DECISIONS.c.must, False).desc()
    ordered = request.order_by(must, DECISIONS.c.account_id, DECISIONS.c.cutoff)
    return [dict(row) for row in connection.execute(ordered).mappings()]


def week_of_all(connection: Connection, week: str) -> list[dict[str, Any]]:
    """Return the decisions of a week of all reps, the earliest of an account first, with the `reason` and the author
    (`by`) of their first state, and their newest `state`."""
    first, later = DECISION_STATES.alias("first"), DECISION_STATES.alias("later")
    joined = DECISIONS.join(first, (first.c.decision_id == DECISIONS.c.decision_id) & (first.c.number == 0))
    newest = select(later.c.state).where(later.c.decision_id == DECISIONS.c.decision_id)
    state = newest.order_by(later.c.number.desc()).limit(1).scalar_subquery().label("state")
    request = select(DECISIONS, first.c.reason, first.c.by, state).select_from(joined).where(DECISIONS.c.week == week)
    return [dict(row) for row in connection.execute(request.order_by(DECISIONS.c.cutoff)).mappings()]
