"""Standings as a file: one row per account and period."""

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
from numpy.typing import NDArray

from kqml.errors import BadUse, CouldNot, Fault
from kqml.standing.standings import Column, Standings

INSTANT = pa.timestamp("us", tz="UTC")
FLAGS = ("single_contact",)
"""Columns that hold yes, no or, where it is not recorded, nothing; the other columns of objects hold text."""


def check_path(path: Path) -> None:
    """Raises BadUse where the name does not say in which format standings are to be written."""
    if path.suffix not in (".parquet", ".csv"):
        fault = Fault("--out", f"{path} ends in {path.suffix!r}", "name it .parquet or .csv")
        raise BadUse("The standings cannot be written.", [fault])


def write_standings(path: Path, accounts: NDArray[np.object_], standings: Sequence[Standings]) -> int:
    """Writes the file whole or not at all, an existing one is replaced. Returns how many rows; raises CouldNot where
    the disk refuses."""
    table = pa.concat_tables([_table(accounts, one) for one in standings], promote_options="default")
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        if path.suffix == ".csv":
            pa_csv.write_csv(table, unfinished)
        else:
            pq.write_table(table, unfinished, compression="zstd")
        unfinished.replace(path)
    except (OSError, pa.ArrowException) as error:
        raise CouldNot(f"The standings cannot be written to {path}: {error}.") from error
    finally:
        unfinished.unlink(missing_ok=True)
    return len(table)


def _table(accounts: NDArray[np.object_], standings: Standings) -> pa.Table:
    period, count = standings.period, len(accounts)
    return pa.table(
        {
            "account_id": pa.array(accounts, pa.string()),
            "period": pa.array([period.name] * count, pa.string()),
            "start": pa.array(np.full(count, period.start), INSTANT),
            "end": pa.array(np.full(count, period.end), INSTANT),
            "complete": pa.array(np.full(count, period.complete)),
            **{name: _array(name, column) for name, column in standings.columns.items()},
        }
    )


def _array(name: str, column: Column) -> pa.Array:
    if column.dtype == object:
        return pa.array(column, pa.bool_() if name in FLAGS else pa.string())
    return pa.array(column, mask=np.isnan(column) if column.dtype == np.float64 else None)
