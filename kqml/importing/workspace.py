"""Where an import works: a DuckDB connection with bounded memory, files that disappear afterwards."""

import itertools
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from kqml.errors import CouldNot

MEMORY = "768MiB"
THREADS = 2


@dataclass(frozen=True)
class Workspace:
    """`connection` spills to `folder`; `numbers` never repeat."""

    connection: duckdb.DuckDBPyConnection
    folder: Path
    numbers: Iterator[int] = field(default_factory=itertools.count)

    def fresh(self, suffix: str) -> Path:
        """A new file's path in the folder."""
        handle, name = tempfile.mkstemp(suffix, dir=self.folder)
        os.close(handle)
        return Path(name)


@contextmanager
def open_workspace(near: Path) -> Iterator[Workspace]:
    """A workspace on the disk of `near`, removed at the end. Raises CouldNot where DuckDB fails."""
    index = next(folder for folder in near.absolute().parents if folder.is_dir())
    folder = Path(tempfile.mkdtemp(prefix=f".{near.name}-import-", dir=index))
    try:
        with connect(str(folder / "work.duckdb"), folder) as connection:
            yield Workspace(connection, folder)
    except duckdb.Error as error:
        raise CouldNot(f"DuckDB could not do it: {str(error).splitlines()[0]}") from error
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def connect(database: str, spill: Path | None = None) -> duckdb.DuckDBPyConnection:
    """A DuckDB connection whose days are UTC's, whose memory is bounded."""
    settings: dict[str, str | bool | int | float | list[str]] = {"memory_limit": MEMORY, "threads": THREADS}
    if spill is not None:
        settings["temp_directory"] = str(spill)
    connection = duckdb.connect(database, config=settings)
    connection.execute("SET TimeZone = 'UTC'")
    # DuckDB takes text files for small: it would compare each row with each blank line, minutes for 200,000 rows.
    connection.execute("SET asof_loop_join_threshold = 0")
    return connection
