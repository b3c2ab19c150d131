"""The numbers of rows of a CSV file as a spreadsheet counts them: blank lines are rows too."""

import csv
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa

from kqml.importing.csv_records import csv_records
from kqml.importing.mapping import TableMapping
from kqml.importing.relations import ROW
from kqml.importing.workspace import Workspace

_BLOCK = 1 << 20
_BATCH = 100_000
_BLANK = (b"\n\n", b"\n\r\n", b"\r\r")


def numbered_sql(read: str, first: int, blanks: str | None) -> str:
    """What DuckDB reads, which passes over blank lines, with the column ROW; `first`: the number of the first row.

    `blanks`: the table that `count_blank_lines` made."""
    counted = f"SELECT row_number() OVER () AS __n, * FROM {read}"
    if blanks is None:
        return f"(SELECT __n + {first - 1} AS {ROW}, * EXCLUDE (__n) FROM ({counted}))"
    joined = f"({counted}) ASOF LEFT JOIN {blanks} ON __n > __after"
    return (
        f"(SELECT __n + {first - 1} + coalesce(__blank, 0) AS {ROW}, * EXCLUDE (__n, __after, __blank) FROM {joined})"
    )


def count_blank_lines(workspace: Workspace, path: Path, start: int, delimiter: str, part: TableMapping) -> str | None:
    """Make a table of the blank lines from a byte on: how many (`__blank`) stand above the row after `__after` rows.

    Return its name; None where there are none, or rows cannot be told apart."""
    if not _has_blank_lines(path, start):
        return None
    name = f"blank_{next(workspace.numbers)}"
    workspace.connection.execute(f"CREATE TABLE {name} (__after BIGINT, __blank BIGINT)")
    try:
        for batch in _batches(_blank_lines(path, start, delimiter, part)):
            workspace.connection.from_arrow(batch).insert_into(name)
    except csv.Error:
        return None
    return name


def _has_blank_lines(path: Path, start: int) -> bool:
    with path.open("rb") as file:
        file.seek(start)
        last = b"\n"
        while block := file.read(_BLOCK):
            block = last + block
            if any(mark in block for mark in _BLANK):
                return True
            last = block[-2:]
    return False


def _blank_lines(path: Path, start: int, delimiter: str, part: TableMapping) -> Iterator[tuple[int, int]]:
    """The number of rows above each run of blank lines, and of blank lines until its end."""
    rows = blank = 0
    last: list[str] = [""]
    with path.open(encoding="utf-8", errors="surrogateescape", newline="") as text:
        text.seek(start)
        for row in csv_records(text, delimiter, part):
            if row and not last:
                yield rows, blank
            rows, blank, last = rows + bool(row), blank + (not row), row


def _batches(pairs: Iterator[tuple[int, int]]) -> Iterator[pa.Table]:
    waiting: list[tuple[int, int]] = []
    for pair in pairs:
        waiting.append(pair)
        if len(waiting) == _BATCH:
            yield _table(waiting)
            waiting = []
    if waiting:
        yield _table(waiting)


def _table(pairs: list[tuple[int, int]]) -> pa.Table:
    after, blank = zip(*pairs, strict=True)
    return pa.table({"__after": pa.array(after, pa.int64()), "__blank": pa.array(blank, pa.int64())})
