"""Rows of Python values kept as text in a Parquet file, so that Excel and SQL are read as CSV is."""

from collections.abc import Sequence
from datetime import date, datetime, time
from decimal import Decimal
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pyarrow as pa
import pyarrow.parquet as pq

from kqml.importing.relations import ROW, Relation, file_literal, source_name

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


class TextRows:
    """Writes rows (their number, then the values of `columns`) batch by batch."""

    def __init__(self, path: Path, columns: Sequence[str]) -> None:
        self._path = path
        self._schema = pa.schema([(ROW, pa.int64()), *((source_name(name), pa.string()) for name in columns)])
        self._columns = tuple(columns)
        self._waiting: list[tuple[Any, ...]] = []

    def __enter__(self) -> Self:
        self._writer = pq.ParquetWriter(self._path, self._schema)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._flush()
        self._writer.close()

    def add(self, number: int, values: Sequence[Any]) -> None:
        self._waiting.append((number, *map(text_of, values)))
        if len(self._waiting) >= _BATCH:
            self._flush()

    def relation(self, label: str) -> Relation:
        """What was written, to select from."""
        return Relation(label, f"read_parquet({file_literal(self._path)})", dict.fromkeys(self._columns, "VARCHAR"))

    def _flush(self) -> None:
        columns = list(zip(*self._waiting, strict=True)) or [()] * len(self._schema)
        self._writer.write_table(
            pa.table([pa.array(v, f.type) for v, f in zip(columns, self._schema, strict=True)], self._schema)
        )
        self._waiting = []
