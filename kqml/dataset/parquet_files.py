"""The Parquet files of a dataset, written table by table."""

from collections.abc import Mapping
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from kqml.dataset.info import DatasetInfo
from kqml.dataset.table_checks import TableRows, check_tables


def write_tables(folder: Path, tables: Mapping[str, TableRows], info: DatasetInfo) -> DatasetInfo:
    """Write the tables into an empty folder; return `info` completed by what they hold.

    Raises BadUse on tables that do not exist, Refused where rows break the data contract.
    """
    return check_tables(tables, info, _ParquetFiles(folder))


class _ParquetFiles:
    """Writes each table to a file, the events to one file a part."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._parts = 0

    def add_table(self, name: str, table: pa.Table) -> None:
        pq.write_table(table, self._folder / f"{name}.parquet", compression="zstd")

    def add_events(self, part: pa.Table) -> None:
        target = self._folder / "events" / f"part-{self._parts:05d}.parquet"
        target.parent.mkdir(exist_ok=True)
        pq.write_table(part, target, compression="zstd", row_group_size=250_000)
        self._parts += 1
