"""Accounts with more events than the service reads of one account."""

from collections.abc import Sequence

from sqlalchemy import Connection, literal, select

from serve.database.records import parts_of
from serve.database.tables import ACCOUNTS, EVENTS

MOST_EVENTS = 50_000
"""Fourteen events a day over ten years. To score an account with so many takes a third of a second, to plan it three
seconds, in which it shares the interpreter with every other request."""


def event_beyond(limit: int) -> str:
    """Return the SQL expression that is null where the account of the row has no more than so many events."""
    return f"(SELECT 1 FROM events WHERE events.account_id = accounts.account_id LIMIT 1 OFFSET {limit:d})"


def long_histories(connection: Connection, ids: Sequence[str]) -> frozenset[str]:
    """Return those of the accounts with more than MOST_EVENTS events."""
    beyond = select(literal(1)).where(EVENTS.c.account_id == ACCOUNTS.c.account_id).limit(1).offset(MOST_EVENTS)
    long = select(ACCOUNTS.c.account_id).where(beyond.correlate(ACCOUNTS).scalar_subquery().is_not(None))
    parts = (connection.execute(long.where(ACCOUNTS.c.account_id.in_(part))).scalars() for part in parts_of(ids))
    return frozenset(name for part in parts for name in part)
