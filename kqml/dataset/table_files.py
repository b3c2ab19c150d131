"""Tables as files: the Parquet files of a dataset; Parquet or CSV for people and other programs."""

import os
from collections.abc import Mapping
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from kqml.dataset.csv_output import write_csv
from kqml.dataset.info import DatasetInfo
from kqml.dataset.table_checks import TableRows, check_tables
from kqml.errors import BadUse, CouldNot, Fault

SUFFIXES = (".parquet", ".csv")


def check_table_path(path: Path) -> None:
    """Raises BadUse where the name does not say in which format rows are to be written."""
    if path.suffix not in SUFFIXES:
        fault = Fault("--out", f"{path} has the extension {path.suffix!r}", f"use {' or '.join(SUFFIXES)}")
        raise BadUse("The rows cannot be written.", [fault])


def write_table(path: Path, table: pa.Table) -> int:
    """Writes the file whole or not at all, an existing one is replaced. Returns how many rows; raises CouldNot where
    the disk refuses."""
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        if path.suffix == ".csv":
            write_csv(table, unfinished)
        else:
            pq.write_table(table, unfinished, compression="zstd")
        unfinished.replace(path)
    except (OSError, pa.ArrowException) as error:
        raise CouldNot(f"The rows cannot be written to {path}: {error}.") from error
    finally:
        unfinished.unlink(missing_ok=True)
    return len(table)


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
