"""Tables written part by part to an open file, as CSV or Parquet."""

from collections.abc import Iterable, Mapping
from typing import Any, BinaryIO, Literal

import pyarrow as pa
import pyarrow.parquet as pq

from kqml.dataset.csv_output import CsvWriter

TableFormat = Literal["csv", "parquet"]


def write_batches(
    file: BinaryIO, form: TableFormat, schema: pa.Schema, batches: Iterable[list[Mapping[str, Any]]]
) -> int:
    """Write batches of rows as they come, in memory bounded by the largest; return how many rows. Without rows the file
    has its header or schema."""
    rows = 0
    writer = CsvWriter(file, schema) if form == "csv" else pq.ParquetWriter(file, schema, compression="zstd")
    with writer:
        for batch in batches:
            writer.write_table(pa.Table.from_pylist([dict(row) for row in batch], schema=schema))
            rows += len(batch)
    return rows
