"""Read the stored decisions as the log that effects are learned from, with rejections."""

from collections.abc import Sequence
from typing import Any

import pandas as pd
from sqlalchemy import ColumnElement, Connection, FromClause, and_, exists, func, or_, select

from kqml.calendar.business_time import DAY_US
from models.uplift.decision_log import DECISION_COLUMNS, DecisionLog
from serve.database.decisions import EVENT_RETRACTED
from serve.database.tables import ACCOUNTS, DECISION_STATES, DECISIONS

MOST_ROWS = 1_000_000
"""Drawn decisions that are read, the newest: more would not be told apart from them."""

WEEK_US = 7 * DAY_US
STATE_COLUMNS = ("decision_id", "state", "at", "known_at", "action", "reason", "verified")
TELLING = ("rejected", "done", "failed", "verified")
"""States that say what became of a decision; `recommended` says nothing new."""


def read_log(connection: Connection, actions: Sequence[str], before: int, suppression_days: float) -> DecisionLog:
    """Return decisions of earlier weeks about accounts and actions that still exist.

    These are the decisions to learn from, recorded before their week was over, and those rejected lately. States that
    became known at or after `before` are left out. Where a state names no action, it is the recommended one; a verified
    action counts as done.
    """
    known: tuple[ColumnElement[bool], ...] = (
        DECISIONS.c.cutoff < before,
        DECISIONS.c.assigned.in_(actions),
        exists(select(1).where(ACCOUNTS.c.account_id == DECISIONS.c.account_id)),
    )
    rejection = DECISION_STATES.alias("rejection")
    rejected = exists(
        select(1).where(
            rejection.c.decision_id == DECISIONS.c.decision_id, *_rejected(rejection, before, suppression_days)
        )
    )
    chosen = and_(*known, or_(_randomised(), rejected))
    decisions = _frame(connection, _requested(chosen), (*DECISION_COLUMNS, "known_at"))
    return DecisionLog(_plain(decisions), _states(connection, chosen, decisions, before))


def read_rejections(
    connection: Connection, accounts: Sequence[str], before: int, suppression_days: float
) -> DecisionLog | None:
    """Return the lately rejected decisions about accounts with their rejections; None where there is none."""
    rejection = DECISION_STATES
    action = func.coalesce(rejection.c.action, DECISIONS.c.assigned)
    columns = (DECISIONS.c.account_id, *(rejection.c[name] for name in ("decision_id", "state", "at", "known_at")))
    request = (
        select(*columns, action.label("action"))
        .join_from(DECISIONS, rejection, rejection.c.decision_id == DECISIONS.c.decision_id)
        .where(DECISIONS.c.account_id.in_(accounts), *_rejected(rejection, before, suppression_days))
    )
    rows = connection.execute(request).mappings().all()
    if not rows:
        return None
    states = pd.DataFrame.from_records([dict(row) for row in rows])
    return DecisionLog(states[["decision_id", "account_id"]].drop_duplicates(), states.drop(columns="account_id"))


def _rejected(states: FromClause, before: int, suppression_days: float) -> tuple[ColumnElement[bool], ...]:
    """The conditions on states: rejections of the days before an instant, as known then."""
    since = before - int(suppression_days * DAY_US)
    return states.c.state == "rejected", states.c.at >= since, states.c.known_at < before


def _requested(chosen: ColumnElement[bool]) -> Any:
    """The decisions with the time of recording from their first state: reading it from the decision would read through
    its long texts."""
    joined = DECISIONS.join(_FIRST, _is_first())
    request = select(*(DECISIONS.c[name] for name in DECISION_COLUMNS), _FIRST.c.known_at).select_from(joined)
    return request.where(chosen).order_by(DECISIONS.c.week.desc()).limit(MOST_ROWS)


_FIRST = DECISION_STATES.alias("first")


def _is_first() -> ColumnElement[bool]:
    return and_(_FIRST.c.decision_id == DECISIONS.c.decision_id, _FIRST.c.number == 0)


def _randomised() -> ColumnElement[bool]:
    """Decisions with a random part."""
    recorded = select(1).where(_is_first(), _FIRST.c.known_at < DECISIONS.c.cutoff + WEEK_US)
    in_time = exists(recorded.correlate(DECISIONS))
    return and_(DECISIONS.c.evaluable.is_(True), DECISIONS.c.probability.is_not(None), in_time)


def _states(connection: Connection, chosen: ColumnElement[bool], decisions: pd.DataFrame, before: int) -> pd.DataFrame:
    joined = DECISION_STATES.join(DECISIONS, DECISIONS.c.decision_id == DECISION_STATES.c.decision_id)
    request = select(*(DECISION_STATES.c[name] for name in STATE_COLUMNS)).select_from(joined)
    known = DECISION_STATES.c.known_at < before
    ordered = request.where(chosen, known, DECISION_STATES.c.state.in_(TELLING), ~_taken_back(before)).order_by(
        DECISION_STATES.c.decision_id, DECISION_STATES.c.number
    )
    states = _frame(connection, ordered, STATE_COLUMNS)
    assigned = decisions.set_index("decision_id")["assigned"].reindex(states["decision_id"]).to_numpy()
    action = states["action"].where(states["action"].notna(), assigned)
    confirmed = states["decision_id"].isin(states.loc[states["state"] == "verified", "decision_id"])
    return states.assign(action=action, verified=states["verified"].where(~confirmed, True))


def _taken_back(before: int) -> ColumnElement[bool]:
    """Return whether a state came before the retraction of the contact that carried out its decision."""
    later = DECISION_STATES.alias("later")
    of_same = later.c.decision_id == DECISION_STATES.c.decision_id, later.c.number > DECISION_STATES.c.number
    return exists(select(1).where(*of_same, later.c.reason == EVENT_RETRACTED, later.c.known_at < before))


def _frame(connection: Connection, request: Any, columns: Sequence[str]) -> pd.DataFrame:
    rows = connection.execute(request).all()
    return pd.DataFrame.from_records([tuple(row) for row in rows], columns=list(columns))


def _plain(decisions: pd.DataFrame) -> pd.DataFrame:
    """Missing values as False. A decision recorded after its week was over changed nothing in it."""
    result = {
        name: decisions[name].astype("boolean").fillna(False).astype(bool) for name in ("must", "holdout", "evaluable")
    }
    result["evaluable"] &= decisions["known_at"] < decisions["cutoff"] + WEEK_US
    return decisions.assign(**result, probability=decisions["probability"].astype(float)).drop(columns="known_at")
