"""Standings as a file: one row per account and period."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from kqml.dataset.table_files import write_table
from kqml.grades.account_grades import AccountGrades, Column

INSTANT = pa.timestamp("us", tz="UTC")
FLAGS = ("single_contact",)
"""Columns that hold yes, no or, where it is not recorded, nothing; the other columns of objects hold text."""


def write_grades(path: Path, accounts: NDArray[np.object_], standings: Sequence[AccountGrades]) -> int:
    """Writes the file whole or not at all, an existing one is replaced; how many rows it has."""
    tables = [_table(accounts, period_grades) for period_grades in standings]
    return write_table(path, pa.concat_tables(tables, promote_options="default"))


def _table(accounts: NDArray[np.object_], standings: AccountGrades) -> pa.Table:
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
