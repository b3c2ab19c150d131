"""Tables as files for people and other programs: Parquet or CSV, as their names say."""

import os
from pathlib import Path

import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from kqml.errors import BadUse, CouldNot, Fault

SUFFIXES = (".parquet", ".csv")


def check_table_path(path: Path) -> None:
    """Raises BadUse where the name does not say in which format rows are to be written."""
    if path.suffix not in SUFFIXES:
        fault = Fault("--out", f"{path} ends in {path.suffix!r}", f"name it {' or '.join(SUFFIXES)}")
        raise BadUse("The rows cannot be written.", [fault])


def write_table(path: Path, table: pa.Table) -> int:
    """Writes the file whole or not at all, an existing one is replaced. Returns how many rows; raises CouldNot where
    the disk refuses."""
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        if path.suffix == ".csv":
            pa_csv.write_csv(table, unfinished)
        else:
            pq.write_table(table, unfinished, compression="zstd")
        unfinished.replace(path)
    except (OSError, pa.ArrowException) as error:
        raise CouldNot(f"The rows cannot be written to {path}: {error}.") from error
    finally:
        unfinished.unlink(missing_ok=True)
    return len(table)
