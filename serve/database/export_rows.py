"""The rows of exports, read in batches of one snapshot."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Select, and_, select

from serve.database.decision_listing import decisions_with_latest_state
from serve.database.listing import FILTERS
from serve.database.records import parts_of
from serve.database.tables import ACCOUNTS, DECISION_STATES, DECISIONS, LATEST_SCORES, SCORES
from serve.database.territory import Territory

Row = Mapping[str, Any]
BATCH = 2_000
"""Rows in memory at a time."""


def stream_scores(
    connection: Connection, filters: Mapping[str, Sequence[str]], territory: Territory
) -> Iterator[list[Row]]:
    """Yield the newest score of each account of the territory with columns of the account, by account."""
    newest = and_(*(SCORES.c[name] == LATEST_SCORES.c[name] for name in ("account_id", "cutoff", "model")))
    joined = LATEST_SCORES.join(SCORES, newest).join(ACCOUNTS, ACCOUNTS.c.account_id == LATEST_SCORES.c.account_id)
    of_account = (ACCOUNTS.c[name] for name in ("name", "tier", "segment", "region", "owner_rep_id"))
    request = (
        select(SCORES, *of_account).select_from(joined).where(territory.of_accounts(), ACCOUNTS.c.erased_at.is_(None))
    )
    request = request.where(*(FILTERS[name].in_(values) for name, values in filters.items()))
    yield from _batches(connection, request.order_by(LATEST_SCORES.c.account_id))


def stream_week(connection: Connection, week: str, reps: Sequence[str], territory: Territory) -> Iterator[list[Row]]:
    """Yield the decisions of a week, of some reps or (none named) of all, about accounts of the territory that do not
    object, by account; each with its latest state and all its `states`, the earliest first."""
    request = decisions_with_latest_state().add_columns(DECISIONS.c.receipt, ACCOUNTS.c.tier, ACCOUNTS.c.region)
    request = request.where(DECISIONS.c.week == week, territory.of_accounts(), ACCOUNTS.c.objected_at.is_(None))
    if reps:
        request = request.where(DECISIONS.c.rep_id.in_(reps))
    for batch in _batches(connection, request.order_by(DECISIONS.c.account_id, DECISIONS.c.cutoff)):
        states = _states(connection, [row["decision_id"] for row in batch])
        yield [{**row, "states": states[row["decision_id"]]} for row in batch]


def _states(connection: Connection, ids: Sequence[str]) -> dict[str, list[Row]]:
    result: dict[str, list[Row]] = {name: [] for name in ids}
    for part in parts_of(ids):
        request = select(DECISION_STATES).where(DECISION_STATES.c.decision_id.in_(part))
        ordered = request.order_by(DECISION_STATES.c.decision_id, DECISION_STATES.c.number)
        for row in connection.execute(ordered).mappings():
            result[row["decision_id"]].append(dict(row))
    return result


def _batches(connection: Connection, request: Select[Any]) -> Iterator[list[Row]]:
    streamed = request.execution_options(stream_results=True, yield_per=BATCH)
    for part in connection.execute(streamed).mappings().partitions(BATCH):
        yield [dict(row) for row in part]
