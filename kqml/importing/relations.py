"""A source opened: something DuckDB can select from, with its columns, their types, the number of each row."""

import difflib
import glob
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from kqml.errors import Fault
from kqml.importing.mapping import TableMapping

ROW = "__row"
"""The column with a row's number as people count: in CSV and Excel the header is row 1, elsewhere data begin at 1."""


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


Source = FileSource | QuerySource


@dataclass(frozen=True)
class Relation:
    """`sql` goes after FROM; it has the column ROW, and the source's columns as `source_column` calls them.

    `types`: column of the source → DuckDB type.
    """

    label: str
    sql: str
    types: Mapping[str, str]


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


def selected(columns: Iterable[str]) -> str:
    """A select list that renames the columns of a file to those of a relation."""
    return "".join(f", {quoted(name)} AS {source_column(name)}" for name in columns)


def file_literal(path: Path) -> str:
    """A file's path as an SQL literal that DuckDB does not take for a pattern."""
    return literal(glob.escape(str(path)))


def column_faults(label: str, have: list[str], part: TableMapping) -> list[Fault]:
    """What the mapping needs that the source does not have, or has twice."""
    faults = []
    for name in part.source_columns():
        if name not in have:
            close = difflib.get_close_matches(name, have, 1)
            hint = f"did you mean {close[0]!r}? " if close else ""
            todo = f"{hint}correct the mapping or the file, which has {', '.join(have) or 'no columns'}"
            faults.append(Fault(label, f"has no column {name!r}", todo))
        elif len(same := [other for other in have if other.lower() == name.lower()]) > 1:
            faults.append(Fault(label, f"has the columns {', '.join(map(repr, same))}", "rename all but one"))
    return faults
