"""Reading Excel sheets: values as text; formulas whose value was never stored are faults."""

import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from openpyxl import load_workbook
from openpyxl.utils import get_column_letter

from kqml.errors import Fault, Refused
from kqml.importing.mapping import TableMapping
from kqml.importing.relations import Relation, column_faults
from kqml.importing.text_rows import TextRows
from kqml.importing.workspace import Workspace

SUFFIXES = (".xlsx", ".xlsm")
_SHOWN = 20

Row = tuple[Any, ...]


def is_excel(path: Path) -> bool:
    return path.suffix.lower() in SUFFIXES


def open_excel(workspace: Workspace, path: Path, part: TableMapping) -> Relation:
    """The mapped columns of one sheet as a relation of text columns.

    Raises Refused on an unreadable file, an absent sheet, wrong columns, formulas without a stored value.
    """
    rows = _rows(path, part.sheet)
    header = ["" if cell is None else str(cell).strip() for cell in next(rows, ((), ()))[0]]
    if not any(header):
        raise Refused(f"{path.name} is empty.", [Fault(path.name, "has no header in its first row", "export it again")])
    faults = column_faults(path.name, header, part)
    if faults:
        raise Refused(f"The columns of {path.name} are not those of the mapping.", faults)
    indices = [header.index(name) for name in part.source_columns()]
    target = TextRows(workspace.fresh(".parquet"), part.source_columns())
    with target:
        for number, (values, formulas) in enumerate(rows, start=2):
            faults += _formula_faults(path.name, number, values, formulas, indices)
            if any(value is not None for value in values):
                target.add(number, [_at(values, position) for position in indices])
    if faults:
        raise Refused(f"{path.name} holds {len(faults)} formulas whose values were never stored.", faults[:_SHOWN])
    return target.relation(path.name)


def _formula_faults(label: str, number: int, values: Row, formulas: Row, indices: list[int]) -> list[Fault]:
    return [
        Fault(
            f"{label} cell {get_column_letter(position + 1)}{number}",
            f"the formula {_at(formulas, position)!s} has no stored value",
            "open the file in Excel and save it, or paste the column as values",
        )
        for position in indices
        if _at(values, position) is None and _at(formulas, position) is not None
    ]


def _at(row: Row, position: int) -> Any:
    return row[position] if position < len(row) else None


def _rows(path: Path, sheet: str | None) -> Iterator[tuple[Row, Row]]:
    """Each row twice: as stored values, as what was typed."""
    with _opened(path, stored=True) as values, _opened(path, stored=False) as typed:
        name = sheet or values.sheetnames[0]
        if name not in values.sheetnames:
            todo = f"use one of {', '.join(values.sheetnames)}"
            raise Refused(f"{path.name} cannot be read.", [Fault(path.name, f"has no sheet {name!r}", todo)])
        both = (book[name].iter_rows(values_only=True) for book in (values, typed))
        yield from zip(*both, strict=False)


@contextmanager
def _opened(path: Path, *, stored: bool) -> Iterator[Any]:
    try:
        book = load_workbook(path, read_only=True, data_only=stored)
    except (zipfile.BadZipFile, KeyError, ValueError, EOFError) as error:
        fault = Fault(path.name, f"is not a readable Excel file: {error}", "copy it again; save .xls files as .xlsx")
        raise Refused(f"{path.name} cannot be read.", [fault]) from error
    try:
        yield book
    finally:
        book.close()
