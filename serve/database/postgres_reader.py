"""Read columns of events from PostgreSQL: the server packs the numbers of all events into one value."""

from collections.abc import Sequence

import numpy as np
import orjson
from numpy.typing import NDArray
from sqlalchemy import Connection

from kqml.history.event_log import NO_DUE, VALUES
from kqml.history.sorted_columns import Column
from serve.database.driver_rows import fetch_rows
from serve.database.event_columns import COUNTED, IN_ORDER, selected

_TEXTS = ("contact_id", "channel", "rep_id", "event_id", "ref", "attributes")
_EVENT = np.dtype([("occurred_at", ">i8"), ("known_at", ">i8"), *((name, ">f8") for name in VALUES), ("due_at", ">i8")])
"""The bytes of one event as `_PACKED` says them: integers and floats as PostgreSQL sends them."""

_PACKED = " || ".join(
    (
        "int8send(occurred_at) || int8send(known_at)",
        *(f"float8send(coalesce({name}, 'NaN'))" for name in VALUES),
        f"int8send(coalesce(due_at, {NO_DUE}))",
    )
)


def read_postgres_columns(connection: Connection, ids: Sequence[str]) -> tuple[Sequence[int], dict[str, Column]]:
    """Return the count of events of each account and the columns that hold any value; ids ascending."""
    alone = len(ids) == 1
    request = (OF_ACCOUNT, {"ids": ids[0]}) if alone else (OF_ACCOUNTS, {"ids": list(ids)})
    ((result, packed, kinds, texts),) = fetch_rows(connection, *request)
    counts = [result] if alone else [(result or {}).get(name, 0) for name in ids]
    events = np.frombuffer(packed or b"", _EVENT)
    columns: dict[str, Column] = {"occurred_at": events["occurred_at"], "known_at": events["known_at"]}
    return counts, columns | {"kind": kinds.split(",") if kinds else []} | _numbers(events) | _texts(texts)


def _numbers(events: NDArray[np.void]) -> dict[str, Column]:
    columns: dict[str, Column] = {name: events[name] for name in VALUES if not np.isnan(events[name]).all()}
    return columns | ({"due_at": events["due_at"]} if (events["due_at"] != NO_DUE).any() else {})


def _texts(text: str | None) -> dict[str, Column]:
    if text is None:
        return {}
    columns = zip(_TEXTS, zip(*orjson.loads(text), strict=True), strict=True)
    return {name: column for name, column in columns if column.count(None) < len(column)}


def _statement(condition: str, counts: str) -> str:
    """Texts are fetched by a second scan, and only where there are any: packing them takes as long as the numbers."""
    source = f"FROM (SELECT * FROM events WHERE account_id {condition} AND {COUNTED} {IN_ORDER}) AS e"
    text = " + ".join(f"count({name})" for name in _TEXTS if name != "event_id")
    texts = (
        f"SELECT json_agg(json_build_array({', '.join(selected(name, condition) for name in _TEXTS)}))::text {source}"
    )
    return (
        f"SELECT {counts.format(source=source)}, string_agg({_PACKED}, ''), string_agg(kind, ','),"
        f" CASE WHEN {text} > 0 THEN ({texts}) END {source}"
    )


OF_ACCOUNT = _statement("= %(ids)s", "count(*)")
OF_ACCOUNTS = _statement(
    "= ANY(%(ids)s)",
    "(SELECT json_object_agg(account_id, events)"
    " FROM (SELECT account_id, count(*) AS events {source} GROUP BY account_id) AS counted)",
)
