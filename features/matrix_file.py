"""The feature matrix as a Parquet file."""

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from features.rows import Rows
from kqml.errors import CouldNot
from kqml.eventlog import EventLog


def write_matrix(
    path: Path,
    log: EventLog,
    rows: Rows,
    columns: tuple[str, ...],
    parts: Iterable[tuple[slice, NDArray[np.float64]]],
) -> None:
    """Writes `account_id`, `cutoff`, the columns (missing is null), a row group per part, beside `path`, then moves it
    there; a failure leaves what was at `path`. Raises CouldNot where the disk refuses."""
    unfinished = path.with_name(f".{path.name}.unfinished")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with pq.ParquetWriter(unfinished, _schema(columns)) as writer:
            for part, values in parts:
                writer.write_table(_table(log, rows, columns, part, values))
        unfinished.replace(path)
    except OSError as error:
        raise CouldNot(f"{path} cannot be written: {error}") from error
    finally:
        unfinished.unlink(missing_ok=True)


def _schema(columns: tuple[str, ...]) -> pa.Schema:
    keys = [("account_id", pa.string()), ("cutoff", pa.timestamp("us", tz="UTC"))]
    return pa.schema([*keys, *((column, pa.float64()) for column in columns)])


def _table(log: EventLog, rows: Rows, columns: tuple[str, ...], part: slice, values: NDArray[np.float64]) -> pa.Table:
    ids = pa.array(log.accounts[rows.account[part]], pa.string())
    cutoff = pa.array(rows.cutoff[part]).cast(pa.timestamp("us", tz="UTC"))
    numbers = [pa.array(np.ascontiguousarray(column), from_pandas=True) for column in values.T]
    return pa.table([ids, cutoff, *numbers], schema=_schema(columns))
