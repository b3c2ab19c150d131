"""Rows of Python values kept in a Parquet file: as text, and as the number or the moment that a cell is."""

from collections.abc import Sequence
from datetime import date, datetime, time
from decimal import Decimal
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pyarrow as pa
import pyarrow.parquet as pq

from kqml.importing.findings import Finding
from kqml.importing.relations import CELL, ROW, Relation, file_literal, moment_name, number_name, source_name

_BATCH = 50_000


def text_of(value: Any) -> str | None:
    """A cell as the text that a CSV file would hold: ISO instants, whole numbers without a point."""
    if value is None:
        return None
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, bytes):
        return value.decode("utf-8", errors="replace")
    if isinstance(value, float | Decimal):
        number = float(value)
        return str(int(number)) if number.is_integer() and abs(number) < 1e15 else str(value)
    return str(value)


def number_of(value: Any) -> float | None:
    """A cell as a number where it is one, which no spelling of numbers in the mapping can change."""
    is_number = isinstance(value, int | float | Decimal) and not isinstance(value, bool)
    return float(value) if is_number else None


class TextRows:
    """Writes rows (their number, then the values of `columns`) batch by batch."""

    def __init__(self, path: Path, columns: Sequence[str]) -> None:
        self._path = path
        self._columns = tuple(columns)
        fields = [(ROW, pa.int64())]
        for name in columns:
            fields += [(source_name(name), pa.string()), (number_name(name), pa.float64())]
            fields += [(moment_name(name), pa.string())]
        self._schema = pa.schema(fields)
        self._numbers: list[int] = []
        self._waiting: list[Sequence[Any]] = []

    def __enter__(self) -> Self:
        self._writer = pq.ParquetWriter(self._path, self._schema)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._flush()
        self._writer.close()

    def add(self, number: int, values: Sequence[Any]) -> None:
        self._numbers.append(number)
        self._waiting.append(values)
        if len(self._waiting) >= _BATCH:
            self._flush()

    def relation(self, label: str, findings: tuple[Finding, ...] = ()) -> Relation:
        """What was written, to select from."""
        types = dict.fromkeys(self._columns, CELL)
        return Relation(label, f"read_parquet({file_literal(self._path)})", types, findings)

    def _flush(self) -> None:
        arrays = [pa.array(self._numbers, pa.int64())]
        for values in list(zip(*self._waiting, strict=True)) or [()] * len(self._columns):
            moments = [value.isoformat() if isinstance(value, date) else None for value in values]
            arrays.append(pa.array(map(text_of, values), pa.string()))
            arrays.append(pa.array(map(number_of, values), pa.float64()))
            arrays.append(pa.array(moments, pa.string()))
        self._writer.write_table(pa.table(arrays, self._schema))
        self._numbers, self._waiting = [], []
