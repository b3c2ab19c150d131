"""The feature matrix as a Parquet file."""

from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from features.streaming import BuiltMatrix
from kqml.calendar.business_time import Instants
from kqml.errors import CouldNot

Floats = NDArray[np.float64]
INSTANT = pa.timestamp("us", tz="UTC")


def write_matrix(path: Path, columns: tuple[str, ...], parts: Iterable[BuiltMatrix]) -> None:
    """Write `account_id`, `cutoff` and the columns (missing is null). Raises CouldNot where the disk refuses."""
    schema = matrix_schema(columns)
    tables = (
        matrix_table(schema, part.accounts[part.rows.account], part.rows.cutoff, list(part.values.T)) for part in parts
    )
    write_tables(path, schema, tables)


def write_tables(path: Path, schema: pa.Schema, tables: Iterable[pa.Table]) -> None:
    """Write a row group per table beside `path`, then move the file there; a failure leaves what was at `path`.

    Raises CouldNot where the disk refuses.
    """
    unfinished = path.with_name(f".{path.name}.unfinished")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with pq.ParquetWriter(unfinished, schema) as writer:
            for table in tables:
                writer.write_table(table)
        unfinished.replace(path)
    except OSError as error:
        raise CouldNot(f"{path} cannot be written: {error}") from error
    finally:
        unfinished.unlink(missing_ok=True)


def matrix_schema(columns: Sequence[str], categories: Sequence[str] = ()) -> pa.Schema:
    """Return the schema of a matrix: the account, the cutoff, numbers, then categories as text."""
    keys = [("account_id", pa.string()), ("cutoff", INSTANT)]
    numbers = [(column, pa.float64()) for column in columns]
    return pa.schema([*keys, *numbers, *((name, pa.string()) for name in categories)])


def matrix_table(
    schema: pa.Schema, ids: NDArray[np.object_], cutoffs: Instants, columns: Sequence[Sequence[object] | Floats]
) -> pa.Table:
    """Return rows of a matrix; NaN and None are null."""
    keys = [pa.array(ids, pa.string()), pa.array(cutoffs).cast(INSTANT)]
    types = schema.types[len(keys) :]
    values = [
        pa.array(_contiguous(column), kind, from_pandas=True) for column, kind in zip(columns, types, strict=True)
    ]
    return pa.table([*keys, *values], schema=schema)


def _contiguous(column: Sequence[object] | Floats) -> Sequence[object] | Floats:
    return np.ascontiguousarray(column) if isinstance(column, np.ndarray) else column
