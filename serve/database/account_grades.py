"""The newest grades of accounts, stored with the scores of all accounts."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, func, select

from serve.database.tables import ACCOUNT_GRADES
from serve.database.upserting import upsert

GRADES = tuple(column.name for column in ACCOUNT_GRADES.columns if column.name not in ("account_id", "cutoff"))


def store_grades(connection: Connection, rows: Sequence[Mapping[str, Any]], cutoff: int) -> None:
    """Replace the grades of these accounts, given by `account_id` with GRADES, unless those stored are of a later
    cutoff."""
    newest = connection.execute(select(func.max(ACCOUNT_GRADES.c.cutoff))).scalar_one()
    if newest is None or newest <= cutoff:
        upsert(connection, ACCOUNT_GRADES, [{**row, "cutoff": cutoff} for row in rows])
