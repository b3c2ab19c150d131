"""The tables of a dataset on their way to where they are kept: checked, sorted, hashed part by part."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Protocol, TypeAlias

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from kqml.calendar.business_time import moment_of
from kqml.dataset.fingerprint import TableHash, fingerprint_of
from kqml.dataset.info import FORMAT_VERSION, DatasetInfo
from kqml.dataset.tables import EVENTS, KEYS, SCHEMAS, check_rows, conform
from kqml.errors import BadUse, Fault

PART_ROWS = 1_000_000

TableRows: TypeAlias = pa.Table | pd.DataFrame | Iterable[pa.RecordBatch]
"""A table to write: whole, or (events only) as batches already in key order."""


class TableSink(Protocol):
    """Where checked tables go."""

    def add_table(self, name: str, table: pa.Table) -> None:
        """Keep the accounts, contacts or reps."""

    def add_events(self, part: pa.Table) -> None:
        """Keep the next part of the events."""


def check_tables(
    tables: Mapping[str, TableRows], info: DatasetInfo, sink: TableSink, *, trusted: bool = False
) -> DatasetInfo:
    """Pass the tables to a sink; return `info` completed by what they hold. `trusted`: rows that were checked when they
    were stored are not checked again.

    Raises BadUse on tables that do not exist, Refused where rows break the data contract.
    """
    unknown = [
        Fault(name, "is not a dataset table", f"use {', '.join(SCHEMAS)}") for name in tables if name not in SCHEMAS
    ]
    if unknown or "events" not in tables:
        raise BadUse("The tables are not those of a dataset.", unknown)
    parts = _EventParts(sink, trusted)
    parts.add(tables["events"])
    hashes = {name: _add_small(sink, name, table, trusted) for name, table in tables.items() if name != "events"}
    recorded = {**parts.recorded(), **info.kinds_recorded}
    fingerprint = fingerprint_of({**hashes, "events": parts.hash})
    return replace(info, kinds_recorded=recorded, fingerprint=fingerprint, format_version=FORMAT_VERSION)


def _add_small(sink: TableSink, name: str, rows: TableRows, trusted: bool) -> TableHash:
    table = _whole(name, rows)
    if not trusted:
        check_rows(name, table)
    sink.add_table(name, table)
    hashed = TableHash()
    hashed.update(table)
    return hashed


def _whole(name: str, rows: TableRows) -> pa.Table:
    table = rows if isinstance(rows, pa.Table | pd.DataFrame) else pa.Table.from_batches(rows)
    return conform(name, table).sort_by([(key, "ascending") for key in KEYS[name]])


class _EventParts:
    """The events, passed on part by part as pieces in key order arrive."""

    def __init__(self, sink: TableSink, trusted: bool) -> None:
        self._sink, self._trusted = sink, trusted
        self._first_known: dict[str, int] = {}
        self._last_key = EVENTS.empty_table().select(KEYS["events"])
        self.hash = TableHash()

    def add(self, rows: TableRows) -> None:
        for piece in _pieces(rows):
            self._require_order(piece.select(KEYS["events"]))
            if not self._trusted:
                check_rows("events", piece)
            self.hash.update(piece)
            self._note_kinds(piece)
            self._sink.add_events(piece)

    def _require_order(self, keys: pa.Table) -> None:
        """Raises ValueError where the pieces do not follow each other in key order: a defect of who makes them."""
        keys = pa.concat_tables([self._last_key, keys])
        before, after = keys.slice(0, max(len(keys) - 1, 0)), keys.slice(1)
        follows: pa.ChunkedArray | bool = True
        for key in reversed(KEYS["events"]):
            same = pc.and_(pc.equal(before[key], after[key]), follows)
            follows = pc.or_(pc.less(before[key], after[key]), same)
        if not pc.all(follows).as_py() and len(before):
            raise ValueError("the batches of events are not in key order")
        self._last_key = keys.slice(max(len(keys) - 1, 0))

    def _note_kinds(self, piece: pa.Table) -> None:
        first = piece.select(["kind", "known_at"]).group_by("kind").aggregate([("known_at", "min")])
        for kind, known in zip(
            first["kind"].to_pylist(), first["known_at_min"].cast(pa.int64()).to_pylist(), strict=True
        ):
            self._first_known[kind] = min(known, self._first_known.get(kind, known))

    def recorded(self) -> dict[str, str]:
        return {kind: moment_of(known).isoformat() for kind, known in sorted(self._first_known.items())}


def _pieces(rows: TableRows) -> Iterator[pa.Table]:
    """Conforming tables of at most PART_ROWS rows, at least one."""
    if isinstance(rows, pa.Table | pd.DataFrame):
        table = _whole("events", rows)
        yield from (table.slice(start, PART_ROWS) for start in range(0, max(len(table), 1), PART_ROWS))
        return
    waiting: list[pa.RecordBatch] = []
    for batch in rows:
        waiting.append(batch)
        if sum(piece.num_rows for piece in waiting) >= PART_ROWS:
            yield conform("events", pa.Table.from_batches(waiting))
            waiting = []
    if waiting:
        yield conform("events", pa.Table.from_batches(waiting))
