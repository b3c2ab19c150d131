"""The last contact with each of some accounts."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, select

from serve.database.events import unretracted
from serve.database.records import parts_of
from serve.database.tables import ACCOUNTS, EVENTS

Row = Mapping[str, Any]


def last_contacts(connection: Connection, ids: Sequence[str], kinds: Sequence[str], cutoff: int) -> dict[str, Row]:
    """Return the last event of these kinds by account, as known before the cutoff: `kind`, `occurred_at`, `rep_id`.

    One descent of the key of events per account, whose events lie together in order of time.
    """
    result: dict[str, Row] = {}
    for part in parts_of(ids):
        known = EVENTS.c.known_at < cutoff, EVENTS.c.occurred_at < cutoff, unretracted(part, cutoff)
        newest = (
            select(EVENTS.c.event_id)
            .where(EVENTS.c.account_id == ACCOUNTS.c.account_id, EVENTS.c.kind.in_(kinds), *known)
            .order_by(EVENTS.c.occurred_at.desc(), EVENTS.c.event_id.desc())
            .limit(1)
            .correlate(ACCOUNTS)
            .scalar_subquery()
        )
        names = select(newest).where(ACCOUNTS.c.account_id.in_(part))
        event_ids = [name for name in connection.execute(names).scalars() if name is not None]
        columns = (EVENTS.c.account_id, EVENTS.c.kind, EVENTS.c.occurred_at, EVENTS.c.rep_id)
        for row in connection.execute(select(*columns).where(EVENTS.c.event_id.in_(event_ids))).mappings():
            result[row["account_id"]] = dict(row)
    return result
