"""A source opened: something DuckDB can select from, with its columns, their types, the number of each row."""

import glob
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from kqml.importing.findings import Finding

ROW = "__row"
"""The column with a row's number as a spreadsheet counts: in CSV and Excel the header is row 1 and blank lines count,
elsewhere data begin at 1."""


@dataclass(frozen=True)
class FileSource:
    """A file named on the command line."""

    path: Path

    @property
    def label(self) -> str:
        return self.path.name


@dataclass(frozen=True)
class QuerySource:
    """An SQL query named on the command line."""

    url: str
    query: str
    label: str


CELL = "CELL"
"""The type of a column of cells: text, beside it the number or the moment (ISO text) of cells that are one."""

Source = FileSource | QuerySource


@dataclass(frozen=True)
class Relation:
    """`sql` goes after FROM; it has the column ROW, and the source's columns as `source_column` calls them.

    `types`: column of the source → DuckDB type, or CELL. `findings`: what was seen when it was opened; staging names
    the table. `reread`: opens it again more tolerantly, for a file that breaks on the fast way. `look_inside`: given
    the number of rows read, what is wrong where the file has more lines than rows.
    """

    label: str
    sql: str
    types: Mapping[str, str]
    findings: tuple[Finding, ...] = ()
    reread: "Callable[[], Relation] | None" = None
    look_inside: Callable[[int], Sequence[Finding]] | None = None


def one_row(connection: duckdb.DuckDBPyConnection, sql: str) -> tuple[Any, ...]:
    """The only row of an answer, read to its end, so that the connection is free for the next question."""
    (row,) = connection.execute(sql).fetchall()
    return row


def quoted(name: str) -> str:
    """A name as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def literal(value: str) -> str:
    """A text as an SQL literal."""
    return "'" + value.replace("'", "''") + "'"


def source_column(name: str) -> str:
    """The SQL name of a source's column inside a relation, where ours cannot collide with it."""
    return quoted(source_name(name))


def source_name(name: str) -> str:
    return f"source.{name}"


def number_name(name: str) -> str:
    """The column with the numbers of a CELL column."""
    return f"number.{name}"


def moment_name(name: str) -> str:
    """The column with the moments of a CELL column, as ISO text."""
    return f"moment.{name}"


def selected(columns: Mapping[str, str]) -> str:
    """A select list that renames the columns of a file to those of a relation: name in the mapping → in the file."""
    return "".join(f", {quoted(theirs)} AS {source_column(name)}" for name, theirs in columns.items())


def file_literal(path: Path) -> str:
    """A file's path as an SQL literal that DuckDB does not take for a pattern."""
    return literal(glob.escape(str(path)))
