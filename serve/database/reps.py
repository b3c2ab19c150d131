"""Store and read reps."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, select, true

from serve.database.records import StoredRecord, put_rows
from serve.database.rejected_rows import ItemFault, RejectedRows
from serve.database.tables import REPS
from serve.database.territory import Territory

Row = Mapping[str, Any]


def put_reps(connection: Connection, records: Sequence[Row], now: int, territory: Territory) -> list[StoredRecord]:
    """Store the reps. Raises RejectedRows for callers that are limited to a territory, because managers decide
    territories."""
    if territory.reps is not None:
        text = "reps are put in by callers that may see every account"
        raise RejectedRows([ItemFault(index, "rep_id", text) for index in range(len(records))])
    return put_rows(connection, REPS, records, now)


def read_rep(connection: Connection, rep_id: str, territory: Territory) -> Row | None:
    """Return a rep; None where it does not exist in the territory."""
    rows = connection.execute(select(REPS).where(REPS.c.rep_id == rep_id, _of(territory))).mappings().first()
    return None if rows is None else dict(rows)


def list_reps(connection: Connection, territory: Territory, limit: int, after: str | None = None) -> list[Row]:
    """Return at most `limit` reps of a territory by id, from the one behind `after` on."""
    request = select(REPS).where(_of(territory)).order_by(REPS.c.rep_id).limit(limit)
    if after is not None:
        request = request.where(REPS.c.rep_id > after)
    return [dict(row) for row in connection.execute(request).mappings()]


def _of(territory: Territory) -> ColumnElement[bool]:
    return true() if territory.reps is None else REPS.c.rep_id.in_(sorted(territory.reps))
