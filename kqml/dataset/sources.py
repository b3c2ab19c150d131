"""Where the tables of a dataset are read from: a folder of Parquet files, or memory."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from kqml.dataset.id_checks import require_ids
from kqml.dataset.tables import KEYS, REQUIRED, SCHEMAS
from kqml.errors import CouldNot
from kqml.history.event_log import CODES

ENCODED = ("account_id", "kind", "attributes", *CODES)
"""Columns of events whose repeated text is read dictionary-encoded."""


class TableSource(Protocol):
    """The tables of a dataset, unfiltered by what was known when."""

    def table(self, name: str) -> pa.Table | None:
        """Return the accounts, contacts or reps; None where the dataset has none."""

    def event_columns(self) -> list[str]:
        """Return the columns that the events have."""

    def events(self, columns: Sequence[str], rows: pc.Expression | None = None) -> Iterator[pa.Table]:
        """Yield the events in key order with these columns, repeated text dictionary-encoded, part by part."""

    def parts(self, name: str) -> Iterator[pa.Table]:
        """Yield a table as it is stored, part by part, whatever its ids are; nothing where the dataset has none."""


@dataclass(frozen=True)
class FolderTables:
    """The Parquet files of a dataset folder; every call reads them anew. Raises CouldNot where they are broken, Refused
    where ids are none."""

    path: Path

    def table(self, name: str) -> pa.Table | None:
        return next((self._checked(path, name) for path in self._files(name)), None)

    def event_columns(self) -> list[str]:
        part = self._files("events")[0]
        try:
            return list(pq.read_schema(part).names)
        except (pa.ArrowException, OSError) as error:
            raise CouldNot(f"{part} cannot be read: {error}") from error

    def events(self, columns: Sequence[str], rows: pc.Expression | None = None) -> Iterator[pa.Table]:
        return (self._checked(part, "events", columns, rows) for part in self._files("events"))

    def parts(self, name: str) -> Iterator[pa.Table]:
        return (read_parquet(part, REQUIRED[name]) for part in self._files(name))

    def _checked(
        self, path: Path, name: str, columns: Sequence[str] | None = None, rows: pc.Expression | None = None
    ) -> pa.Table:
        table = read_parquet(path, REQUIRED[name], columns, rows)
        require_ids(str(path.relative_to(self.path)), table)
        return table

    def _files(self, name: str) -> list[Path]:
        if name != "events":
            path = self.path / f"{name}.parquet"
            return [path] if path.exists() else []
        parts = sorted((self.path / "events").glob("part-*.parquet"))
        if not parts:
            raise CouldNot(f"{self.path} holds no events (events/part-*.parquet).")
        return parts


class MemoryTables:
    """Tables held in memory: filled part by part by `kqml.dataset.table_checks.check_tables`, then read."""

    @classmethod
    def of(cls, tables: Mapping[str, pa.Table | Iterable[pa.RecordBatch]]) -> "MemoryTables":
        """Return tables that were checked when they were stored, in key order."""
        result = cls()
        for name, rows in tables.items():
            table = rows if isinstance(rows, pa.Table) else pa.Table.from_batches(rows)
            if name == "events":
                result.add_events(table)
            else:
                result.add_table(name, table)
        return result

    def __init__(self) -> None:
        self._tables: dict[str, pa.Table] = {}
        self._parts: list[pa.Table] = []

    def add_table(self, name: str, table: pa.Table) -> None:
        self._tables[name] = table

    def add_events(self, part: pa.Table) -> None:
        for index, name in enumerate(part.column_names):
            if name in ENCODED:
                part = part.set_column(index, name, part[name].dictionary_encode())
        self._parts.append(part)

    def table(self, name: str) -> pa.Table | None:
        return self._tables.get(name)

    def event_columns(self) -> list[str]:
        return list(self._parts[0].column_names)

    def events(self, columns: Sequence[str], rows: pc.Expression | None = None) -> Iterator[pa.Table]:
        for part in self._parts:
            yield (part if rows is None else part.filter(rows)).select(list(columns))

    def parts(self, name: str) -> Iterator[pa.Table]:
        tables = self._parts if name == "events" else [table for table in [self.table(name)] if table is not None]
        return (
            table.cast(pa.schema([SCHEMAS[name].field(column) for column in table.column_names])) for table in tables
        )


def empty_table(name: str) -> pa.Table:
    """Return a table without rows, with its key columns alone."""
    return pa.schema([SCHEMAS[name].field(key) for key in KEYS[name]]).empty_table()


def read_parquet(
    path: Path, needed: Iterable[str], columns: Sequence[str] | None = None, rows: pc.Expression | None = None
) -> pa.Table:
    """Read a Parquet file, or those of `columns` that it has, their repeated text dictionary-encoded; only some rows.

    Raises CouldNot where it is none, or lacks a column that its table needs.
    """
    try:
        with pq.ParquetFile(path) as file:
            names = file.schema_arrow.names
            if lacking := [name for name in needed if name not in names]:
                raise CouldNot(f"{path} does not have the columns {', '.join(lacking)}; import the data again.")
            if columns is None:
                return file.read()
            retained = [name for name in columns if name in names]
        encoded = [name for name in retained if name in ENCODED]
        return pq.read_table(path, columns=retained, read_dictionary=encoded, filters=rows)
    except (pa.ArrowException, OSError) as error:
        raise CouldNot(f"{path} cannot be read: {error}") from error
