"""Lists of decisions in the order of their latest change, filtered, by page."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, exists, select, tuple_

from serve.database.tables import ACCOUNTS, DECISION_STATES, DECISIONS
from serve.database.territory import Territory

Row = Mapping[str, Any]

FILTERS: Mapping[str, ColumnElement[Any]] = {
    "rep": DECISIONS.c.rep_id,
    "account": DECISIONS.c.account_id,
    "week": DECISIONS.c.week,
    "state": DECISION_STATES.c.state,
}

_OF_DECISION = (
    "decision_id",
    "account_id",
    "rep_id",
    "week",
    "cutoff",
    "policy",
    "playbook",
    "model",
    "assigned",
    "probability",
    "explored",
    "must",
    "holdout",
    "recorded_at",
)


@dataclass(frozen=True)
class DecisionListing:
    """Which decisions. `filters`: name of FILTERS → values, any of which matches. `changed_since`: only those whose
    latest state was recorded then or later. `after`: `changed_at` and id of the last decision of the page before."""

    limit: int
    filters: Mapping[str, Sequence[str]] = field(default_factory=dict)
    changed_since: int | None = None
    descending: bool = False
    after: tuple[int, str] | None = None


def list_decisions(connection: Connection, listing: DecisionListing, territory: Territory) -> list[Row]:
    """Return at most `limit` decisions about accounts of the territory that do not object, each with its latest state
    (`state`, `at`, `action`, `changed_at`) and the `reason` of its first."""
    key = (DECISION_STATES.c.known_at, DECISION_STATES.c.decision_id)
    request = decisions_with_latest_state().where(territory.of_accounts(), ACCOUNTS.c.objected_at.is_(None))
    for name, values in listing.filters.items():
        request = request.where(FILTERS[name].in_(values))
    if listing.changed_since is not None:
        request = request.where(DECISION_STATES.c.known_at >= listing.changed_since)
    if listing.after is not None:
        place = tuple_(*key)
        request = request.where(place < listing.after if listing.descending else place > listing.after)
    request = request.order_by(*(column.desc() if listing.descending else column for column in key))
    return [dict(row) for row in connection.execute(request.limit(listing.limit)).mappings()]


def decisions_with_latest_state() -> Select[Any]:
    """Return the query of decisions with the last of their states: the one that no state follows.

    Reading states in the order of `known_at` and leaving out those that have a successor needs no table of latest
    states beside the append-only one; both look-ups are by an index.
    """
    first, later = DECISION_STATES.alias("first"), DECISION_STATES.alias("later")
    state = DECISION_STATES.c
    followed = exists(select(1).where(later.c.decision_id == state.decision_id, later.c.number == state.number + 1))
    joined = (
        DECISION_STATES.join(DECISIONS, DECISIONS.c.decision_id == state.decision_id)
        .outerjoin(ACCOUNTS, ACCOUNTS.c.account_id == DECISIONS.c.account_id)
        .join(first, (first.c.decision_id == state.decision_id) & (first.c.number == 0))
    )
    columns = [
        *(DECISIONS.c[name] for name in _OF_DECISION),
        ACCOUNTS.c.name.label("account_name"),
        state.state,
        state.at,
        state.action,
        state.known_at.label("changed_at"),
        first.c.reason,
    ]
    return select(*columns).select_from(joined).where(~followed)
