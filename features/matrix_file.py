"""The feature matrix as a Parquet file."""

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from features.streaming import BuiltMatrix
from kqml.errors import CouldNot

INSTANT = pa.timestamp("us", tz="UTC")


def write_matrix(path: Path, columns: tuple[str, ...], parts: Iterable[BuiltMatrix]) -> None:
    """Write `account_id`, `cutoff`, the columns (missing is null), a row group per part, beside `path`, then moves it
    there; a failure leaves what was at `path`. Raises CouldNot where the disk refuses."""
    unfinished = path.with_name(f".{path.name}.unfinished")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with pq.ParquetWriter(unfinished, _schema(columns)) as writer:
            for matrix in parts:
                writer.write_table(_table(columns, matrix))
        unfinished.replace(path)
    except OSError as error:
        raise CouldNot(f"{path} cannot be written: {error}") from error
    finally:
        unfinished.unlink(missing_ok=True)


def _schema(columns: tuple[str, ...]) -> pa.Schema:
    keys = [("account_id", pa.string()), ("cutoff", INSTANT)]
    return pa.schema([*keys, *((column, pa.float64()) for column in columns)])


def _table(columns: tuple[str, ...], matrix: BuiltMatrix) -> pa.Table:
    ids = pa.array(matrix.accounts[matrix.rows.account], pa.string())
    cutoff = pa.array(matrix.rows.cutoff).cast(INSTANT)
    numbers = [pa.array(np.ascontiguousarray(column), from_pandas=True) for column in matrix.values.T]
    return pa.table([ids, cutoff, *numbers], schema=_schema(columns))
