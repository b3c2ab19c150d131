"""Rows of a CSV file inside a field of another row, where a quotation mark does not close as it should."""

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO

from kqml.importing.csv_records import csv_records
from kqml.importing.findings import Finding, FindingLevel
from kqml.importing.mapping import TableMapping
from kqml.importing.relations import ROW, quoted
from kqml.importing.workspace import Workspace

_EXAMPLES = 5
_MOST_FIELDS, _SAMPLED_ROWS = 2000, 1000
_LEAST_COLUMNS = 3
"""With fewer columns a line of ordinary text looks like a row."""


@dataclass(frozen=True)
class CsvRows:
    """Rows as DuckDB reads them: `read` goes after FROM and has the columns ROW and `names`; `key` is the index of one
    whose values have a form, such as a date."""

    label: str
    read: str
    names: tuple[str, ...]
    delimiter: str
    key: int


def key_column(part: TableMapping) -> str | None:
    """The column of the source whose values show best whether a text is a row."""
    names = [source.column for source in part.columns.values() if source.column]
    dated = part.columns.get("occurred_at")
    return dated.column if dated and dated.column else next(iter(names), None)


def count_lines(file: IO[bytes], start: int) -> int:
    """The lines of a file from a byte on."""
    lines, last = 0, b"\n"
    file.seek(start)
    while block := file.read(1 << 20):
        lines += block.count(b"\n")
        last = block[-1:]
    return lines + (last != b"\n")


def swallowed_findings(workspace: Workspace, rows: CsvRows, part: TableMapping) -> list[Finding]:
    """Refuse a file of which fields hold whole rows: the same number of fields, a key of the same form."""
    if len(rows.names) < _LEAST_COLUMNS:
        return []
    swallowing: dict[int, int] = {}
    forms = _forms_of_key(workspace, rows)
    for row, index, text in _fields_with_line_breaks(workspace, rows):
        if count := sum(_is_row(fields, rows, index, forms) for fields in _inner_lines(text, rows, part)):
            swallowing[row] = swallowing.get(row, 0) + count
    if not swallowing:
        return []
    first = tuple(sorted(swallowing)[:_EXAMPLES])
    count = sum(swallowing.values())
    return [Finding("swallowed_rows", FindingLevel.REFUSAL, "", count=count, source=rows.label, rows=first)]


def _forms_of_key(workspace: Workspace, rows: CsvRows) -> set[str]:
    query = f"SELECT DISTINCT {quoted(rows.names[rows.key])} FROM (FROM {rows.read} LIMIT {_SAMPLED_ROWS})"
    return {_form(text) for (text,) in workspace.connection.execute(query).fetchall() if text}


def _form(text: str) -> str:
    return re.sub(r"[^\W\d_]", "a", re.sub(r"\d", "0", text.strip()))


def _fields_with_line_breaks(workspace: Workspace, rows: CsvRows) -> list[tuple[int, int, str]]:
    """Row, index of the column, text."""
    names = ", ".join(map(quoted, rows.names))
    cells = f"SELECT {ROW} AS row, [{names}] AS cells FROM {rows.read}"
    broken = f"SELECT * FROM ({cells}) WHERE contains(array_to_string(cells, ''), chr(10))"
    query = (
        f"SELECT row, place - 1, cells[place] FROM ({broken}), range(1, {len(rows.names) + 1}) AS indices(place)"
        f" WHERE contains(cells[place], chr(10)) LIMIT {_MOST_FIELDS}"
    )
    return workspace.connection.execute(query).fetchall()


def _inner_lines(text: str, rows: CsvRows, part: TableMapping) -> Iterator[tuple[list[str], bool]]:
    """The fields of each line of a text after its first, and whether it is the last."""
    lines = text.splitlines()
    for number, line in enumerate(lines[1:], start=2):
        try:
            yield next(csv_records([line], rows.delimiter, part), []), number == len(lines)
        except csv.Error:
            continue


def _is_row(line: tuple[list[str], bool], rows: CsvRows, index: int, forms: set[str]) -> bool:
    """Whether a line is a row: a whole one, or at the end of the text of column `index` the beginning of one."""
    fields, is_last = line
    width = index + 1 if is_last else len(rows.names)
    return len(fields) == width and width > rows.key and width > 1 and _form(fields[rows.key]) in forms
