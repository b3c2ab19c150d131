"""Read columns of events from SQLite: the columns that every event has by one aggregate, the rest row by row."""

from collections.abc import Iterable, Sequence
from itertools import chain

import orjson
from sqlalchemy import Connection

from kqml.history.sorted_columns import Column
from serve.database.driver_rows import fetch_rows
from serve.database.event_columns import COUNTED, GROUPS, IN_ORDER, RETRACTED, WANTED, one_of, selected
from serve.database.records import parts_of

_HELD = ", ".join(f"count(coalesce({', '.join(group)}))" for group in GROUPS)
FIRST = (
    f"SELECT count(*), group_concat(occurred_at), group_concat(known_at), group_concat(kind), {_HELD}"
    f" FROM events WHERE account_id = ? AND {COUNTED}"
)
"""To hand out a row as Python objects costs many times what it costs to find it. The table is kept in the order of its
primary key, by which SQLite finds the rows of an account: they come by time, then by event id."""


def read_sqlite_columns(connection: Connection, ids: Sequence[str]) -> tuple[Sequence[int], dict[str, Column]]:
    """Return the count of events of each account and the columns that hold any value; ids ascending, in a snapshot."""
    first = [fetch_rows(connection, FIRST, (name,))[0] for name in ids]
    counts, occurred, known, kinds, *held = zip(*first, strict=True)
    codes = _joined(kinds).split(",") if any(counts) else []
    columns: dict[str, Column] = {"occurred_at": _integers(occurred), "known_at": _integers(known), "kind": codes}
    present = set(codes)
    names = [name for group, own in zip(GROUPS, held, strict=True) if any(own) for name in group]
    wanted = [name for name in names if _is_wanted(name, present)]
    names = [*(("event_id",) if "ref" in wanted else ()), *wanted]
    return counts, columns | _row_by_row(connection, ids, names, retracting=RETRACTED in present)


def _is_wanted(name: str, present: set[str]) -> bool:
    return name not in WANTED or not present.isdisjoint(kind.code for kind in WANTED[name])


def _row_by_row(
    connection: Connection, ids: Sequence[str], names: Sequence[str], *, retracting: bool
) -> dict[str, Column]:
    """`retracting`: some of the events retract others, which are named by `event_id`."""
    if not names:
        return {}
    parts = [
        fetch_rows(connection, _statement(names, len(part), retracting), tuple(part) * (1 + retracting))
        for part in parts_of(ids)
    ]
    columns = zip(names, zip(*chain.from_iterable(parts), strict=True), strict=True)
    return {name: column for name, column in columns if column.count(None) < len(column)}


def _statement(names: Iterable[str], accounts: int, retracting: bool) -> str:
    condition = one_of("?", accounts)
    columns = ", ".join(selected(name, condition if retracting else None) for name in names)
    return f"SELECT {columns} FROM events WHERE account_id {condition} AND {COUNTED} {IN_ORDER}"


def _joined(texts: Iterable[str | None]) -> str:
    return ",".join(text for text in texts if text)


def _integers(texts: Iterable[str | None]) -> list[int]:
    numbers: list[int] = orjson.loads(f"[{_joined(texts)}]")
    return numbers
