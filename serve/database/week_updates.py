"""The queue of accounts whose running week is to be looked at again."""

from collections.abc import Iterable, Mapping, Sequence

from sqlalchemy import Connection, delete, select, tuple_

from kqml.events import EventKind
from kqml.history.attributes import STATUS_AFTER
from serve.database.tables import WEEK_UPDATES
from serve.database.upserting import upsert

OPENING = (EventKind.COMPLAINT, EventKind.PROMISE_MADE, EventKind.LIFE_EVENT)
"""Kinds of events that may require an action."""

CHANGING_WEEK = frozenset(
    kind.code for kind in (*OPENING, *STATUS_AFTER, EventKind.REP_ASSIGNED, EventKind.TIER_CHANGED)
)
"""Kinds of events that may change what the running week holds for an account."""


def request_week_updates(connection: Connection, events: Iterable[Mapping[str, object]], now: int) -> None:
    """Queue the accounts of those events that may change the running week."""
    queue_accounts(connection, (str(event["account_id"]) for event in events if event["kind"] in CHANGING_WEEK), now)


def queue_accounts(connection: Connection, accounts: Iterable[str], now: int) -> None:
    """Queue accounts, each once."""
    upsert(connection, WEEK_UPDATES, [{"account_id": name, "requested_at": now} for name in sorted(set(accounts))])


def read_week_updates(connection: Connection, limit: int) -> Sequence[tuple[str, int]]:
    """Return the accounts that wait longest, each with when it was queued last."""
    columns = (WEEK_UPDATES.c.account_id, WEEK_UPDATES.c.requested_at)
    request = select(*columns).order_by(WEEK_UPDATES.c.requested_at, WEEK_UPDATES.c.account_id).limit(limit)
    return [(row.account_id, row.requested_at) for row in connection.execute(request)]


def remove_week_updates(connection: Connection, updates: Sequence[tuple[str, int]]) -> None:
    """Remove accounts from the queue, except those that were queued again since they were read."""
    if updates:
        key = tuple_(WEEK_UPDATES.c.account_id, WEEK_UPDATES.c.requested_at)
        connection.execute(delete(WEEK_UPDATES).where(key.in_(updates)))
