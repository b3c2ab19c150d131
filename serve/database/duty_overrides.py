"""Marks on duties (done, waived, open again), appended and never changed."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, insert, select

from kqml.duties.overrides import DutyOverride
from serve.database.records import parts_of
from serve.database.tables import DUTIES_DECLARED

Row = Mapping[str, Any]
SAME = ("state", "at", "note")
"""Columns in which a repeated mark equals the stored one."""


def add_overrides(connection: Connection, rows: Sequence[Row], now: int) -> int:
    """Write the marks that differ from the last one on their duty; return how many. A row without `at` gets `now`,
    unless the same mark was stored before."""
    last = {row["duty_id"]: row for row in read_override_rows(connection, {row["owner"] for row in rows})}
    fresh = [row for row in rows if not _is_declared(row, last.get(row["duty_id"]))]
    if fresh:
        connection.execute(insert(DUTIES_DECLARED), [_dated(row, now) for row in fresh])
    return len(fresh)


def read_override_rows(connection: Connection, owners: Collection[str] | None = None) -> list[Row]:
    """Return the marks on the duties of these accounts or reps, or all marks, the earliest first."""
    ordered = select(DUTIES_DECLARED).order_by(DUTIES_DECLARED.c.number)
    if owners is None:
        return [dict(row) for row in connection.execute(ordered).mappings()]
    return [
        dict(row)
        for part in parts_of(sorted(owners))
        for row in connection.execute(ordered.where(DUTIES_DECLARED.c.owner.in_(part))).mappings()
    ]


def duty_overrides(rows: Sequence[Row]) -> tuple[DutyOverride, ...]:
    """Return the rows as duty overrides."""
    return tuple(DutyOverride(row["duty_id"], row["owner"], row["state"], row["known_at"]) for row in rows)


def _is_declared(row: Row, last: Row | None) -> bool:
    if last is None:
        return bool(row["state"] == "open")
    return all(row[name] == last[name] for name in SAME if name != "at" or row["at"] is not None)


def _dated(row: Row, now: int) -> dict[str, Any]:
    return {**row, "at": now if row["at"] is None else row["at"], "known_at": now}
