"""CSV files as spreadsheets open them: UTF-8 with a byte order mark, no text that runs as a formula."""

from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv

BYTE_ORDER_MARK = b"\xef\xbb\xbf"
"""Without it Excel takes Chinese text for the machine's own encoding."""

FORMULA = r"^[=+\-@\t\r]"
"""Text that starts so runs as a formula in a spreadsheet (OWASP, CSV Injection); an apostrophe before it prevents that,
and `kqml import` removes it from ids again."""


class CsvWriter:
    """Writes tables of one schema to a CSV file, part by part; a file that is given open stays open."""

    def __init__(self, target: Path | BinaryIO, schema: pa.Schema) -> None:
        self._owned = isinstance(target, Path)
        self._file = target.open("wb") if isinstance(target, Path) else target
        self._file.write(BYTE_ORDER_MARK)
        self._writer = pa_csv.CSVWriter(self._file, pa.schema([_plain_field(field) for field in schema]))

    def write_table(self, table: pa.Table) -> None:
        """Append the rows of a table."""
        self._writer.write_table(_without_formulas(table))

    def close(self) -> None:
        """Finish the file."""
        self._writer.close()
        if self._owned:
            self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def write_csv(table: pa.Table, path: Path) -> None:
    """Write a table as one CSV file."""
    with CsvWriter(path, table.schema) as writer:
        writer.write_table(table)


def _plain_field(field: pa.Field) -> pa.Field:
    return field.with_type(pa.string()) if pa.types.is_dictionary(field.type) else field


def _without_formulas(table: pa.Table) -> pa.Table:
    columns = []
    for field in table.schema:
        column = table[field.name].cast(_plain_field(field).type)
        if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
            escaped = pc.binary_join_element_wise(pa.scalar("'", column.type), column, pa.scalar("", column.type))
            column = pc.if_else(pc.match_substring_regex(column, FORMULA), escaped, column)
        columns.append(column)
    return pa.table(columns, schema=pa.schema([_plain_field(field) for field in table.schema]))
