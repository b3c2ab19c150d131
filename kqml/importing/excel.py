"""Reading Excel sheets: values as text, numbers, moments; formulas whose value was never stored are faults."""

import re
import warnings
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from openpyxl import Workbook
from openpyxl.reader.excel import ExcelReader
from openpyxl.utils import get_column_letter
from openpyxl.xml.constants import ARC_APP, ARC_CORE, ARC_CUSTOM, ARC_STYLE, ARC_THEME, SHEET_MAIN_NS

from kqml.errors import Fault, KqmlError, Refused
from kqml.importing.findings import Finding, FindingLevel
from kqml.importing.headers import SEARCHED_ROWS, Header, find_header, match_quality
from kqml.importing.mapping import TableMapping
from kqml.importing.packed_files import is_dense
from kqml.importing.relations import Relation
from kqml.importing.text_rows import TextRows
from kqml.importing.workspace import Workspace

SUFFIXES = (".xlsx", ".xlsm")
EVERY_SHEET = "*"
_SHOWN, _EXAMPLES = 20, 5

MOST_BYTES, MOST_STRINGS = 4 << 30, 512 << 20
"""So large may a part of the file, and the list of its texts, become when it is unpacked."""

EXACT = 10**15
"""Excel keeps fifteen digits: a whole number from here on has lost some."""

_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")

Row = tuple[Any, ...]


def is_excel(path: Path) -> bool:
    return path.suffix.lower() in SUFFIXES


def open_excel(workspace: Workspace, path: Path, part: TableMapping) -> list[Relation]:
    """The mapped columns of a sheet, or of every sheet that has them, as relations of cells.

    Raises Refused on an unreadable file, an absent sheet, wrong columns, formulas without a stored value.
    """
    with _whatever_it_raises(path), _opened(path, stored=True) as values, _opened(path, stored=False) as typed:
        names = [sheet.title for sheet in values.worksheets]
        chosen = _chosen(path, names, values, part)
        findings = _unread(path, [name for name in names if name not in chosen], values, part)
        relations = []
        for name in chosen:
            label = path.name if part.sheet != EVERY_SHEET else f"{path.name} [{name}]"
            relations.append(_open_sheet(workspace, label, (values[name], typed[name]), part, findings))
            findings = ()
        return relations


def sheet_tops(path: Path, count: int) -> dict[str, list[list[Any]]]:
    """The first rows of every sheet. Raises Refused on an unreadable file."""
    with _whatever_it_raises(path), _opened(path, stored=True) as book:
        return {sheet.title: _top(book, sheet.title, count) for sheet in book.worksheets}


def _chosen(path: Path, names: list[str], book: Workbook, part: TableMapping) -> list[str]:
    if part.sheet == EVERY_SHEET:
        return [name for name in names if _has_columns(book, name, part)] or names[:1]
    name = part.sheet or names[0]
    if name not in names:
        fault = Fault(path.name, f"has no sheet {name!r}", f"use one of {', '.join(names)}")
        raise Refused(f"{path.name} cannot be read.", [fault])
    return [name]


def _unread(path: Path, names: list[str], book: Workbook, part: TableMapping) -> tuple[Finding, ...]:
    """The sheets that are passed over; those with the columns of the mapping hold data, so they are not."""
    filled = [name for name in names if any(_top(book, name, 1))]
    same = tuple(name for name in filled if _has_columns(book, name, part))
    rest = tuple(name for name in filled if name not in same)
    level = FindingLevel.REFUSAL if part.sheet is None else FindingLevel.WARNING
    candidates = (("sheets_alike", level, same), ("sheets_unread", FindingLevel.NOTE, rest))
    return tuple(
        Finding(message, level, "", count=len(values), source=path.name, values=values)
        for message, level, values in candidates
        if values
    )


def _has_columns(book: Workbook, name: str, part: TableMapping) -> bool:
    needed = [column for column in part.source_columns() if column not in part.expect]
    return match_quality(_top(book, name, SEARCHED_ROWS), part)[0] >= len(needed)


def _top(book: Workbook, name: str, count: int) -> list[list[Any]]:
    """The first rows of a sheet. Never ask the sheet for its size: what it says of it may be wrong."""
    sheet = book[name]
    sheet.reset_dimensions()
    return [list(map(_cell, row)) for row in islice(sheet.iter_rows(values_only=True), count)]


def _open_sheet(
    workspace: Workspace, label: str, sheets: tuple[Any, Any], part: TableMapping, findings: tuple[Finding, ...]
) -> Relation:
    for sheet in sheets:
        sheet.reset_dimensions()
    top = [list(row) for row in islice(sheets[0].iter_rows(values_only=True), max(SEARCHED_ROWS, part.header_row or 0))]
    header = find_header(label, top, part)
    target = TextRows(workspace.fresh(".parquet"), list(header.columns))
    faults: list[Fault] = []
    hidden = {number for number in _hidden_rows(sheets[0]) if number > header.row}
    skipped = hidden if part.hidden_rows == "skip" else set()
    with target:
        for number, values, formulas in _data_rows(sheets, header):
            if number in skipped:
                continue
            faults += _formula_faults(label, number, values, formulas, list(header.indices.values()))
            if any(value is not None for value in values):
                target.add(number, [_cell(_at(values, index)) for index in header.columns.values()])
    if faults:
        raise Refused(f"{label} holds {len(faults)} formulas whose values were never stored.", faults[:_SHOWN])
    return target.relation(label, (*findings, *header.findings(label), *_hidden_findings(label, hidden, part)))


_ROW = re.compile(rb"<(?:\w+:)?row\s([^>]*)>")
_HIDDEN = re.compile(rb"""\bhidden\s*=\s*["'](?:1|true)["']""")
_NUMBER = re.compile(rb"""(?:^|\s)r\s*=\s*["'](\d+)["']""")
_BLOCK = 1 << 20


def _hidden_rows(sheet: Any) -> Iterator[int]:
    """The numbers of the rows that a filter or a person has hidden; openpyxl does not tell them while it streams."""
    number, waiting = 0, b""
    with sheet.parent._archive.open(sheet._worksheet_path) as source:
        while block := source.read(_BLOCK):
            text = waiting + block
            end = 0
            for match in _ROW.finditer(text):
                given = _NUMBER.search(match[1])
                number = int(given[1]) if given else number + 1
                end = match.end()
                if _HIDDEN.search(match[1]):
                    yield number
            waiting = text[max(end, text.rfind(b"<")) :]


def _hidden_findings(label: str, hidden: set[int], part: TableMapping) -> tuple[Finding, ...]:
    if not hidden:
        return ()
    skips = part.hidden_rows == "skip"
    message, level = ("hidden_skipped", FindingLevel.LEFT_OUT) if skips else ("hidden_rows", FindingLevel.WARNING)
    return (Finding(message, level, "", count=len(hidden), source=label, rows=tuple(sorted(hidden)[:_EXAMPLES])),)


def _data_rows(sheets: tuple[Any, Any], header: Header) -> Iterator[tuple[int, Row, Row]]:
    """Each row below the header twice: as stored values, as what was typed; no wider than the mapping reads."""
    width = max(header.columns.values()) + 1
    both = [sheet.iter_rows(min_row=header.row + 1, max_col=width, values_only=True) for sheet in sheets]
    for number, (values, formulas) in enumerate(zip(*both, strict=False), start=header.row + 1):
        yield number, values, formulas


def _formula_faults(label: str, number: int, values: Row, formulas: Row, indices: Sequence[int]) -> list[Fault]:
    return [
        Fault(
            f"{label} cell {get_column_letter(index + 1)}{number}",
            f"the formula {_at(formulas, index)!s} has no stored value",
            "open the file in Excel and save it, or paste the column as values",
        )
        for index in indices
        if _at(values, index) is None and _at(formulas, index) is not None
    ]


def _at(row: Row, index: int) -> Any:
    return row[index] if index < len(row) else None


def _cell(value: Any) -> Any:
    """A cell without Excel's escapes; whole numbers of more digits than Excel keeps as the fractions they are."""
    if isinstance(value, str):
        return _ESCAPED.sub(lambda match: chr(int(match[1], 16)), value) if "_x" in value else value
    if isinstance(value, int) and abs(value) >= EXACT:
        return float(value)
    return value


@contextmanager
def _whatever_it_raises(path: Path) -> Iterator[None]:
    """Turn whatever openpyxl raises, which is of every type, into one fault of the file."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except (KqmlError, MemoryError):
        raise
    except OSError as error:
        if not isinstance(error, zipfile.BadZipFile) and error.errno is not None:
            raise
        raise _broken(path, error) from error
    except Exception as error:
        raise _broken(path, error) from error


def _broken(path: Path, error: Exception) -> Refused:
    reason = next(iter(str(error).splitlines()), "") or type(error).__name__
    todo = "open it in Excel and save it again, or save it as CSV; save .xls files as .xlsx"
    return Refused(f"{path.name} cannot be read.", [Fault(path.name, f"is not a readable Excel file: {reason}", todo)])


@contextmanager
def _opened(path: Path, *, stored: bool) -> Iterator[Workbook]:
    reader = ExcelReader(path, read_only=True, data_only=stored, keep_links=False)
    reader.archive.close()
    reader.archive = _Archive(path)
    reader.valid_files = reader.archive.namelist()
    try:
        reader.read()
        yield reader.wb
    finally:
        reader.archive.close()


class _Archive(zipfile.ZipFile):
    """The parts of an Excel file without what is no data (names, looks), of bounded size."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        for part in self.infolist():
            most = MOST_STRINGS if part.filename.endswith("sharedStrings.xml") else MOST_BYTES
            if part.file_size > most or is_dense(part.compress_size, part.file_size):
                what = f"its part {part.filename} unpacks to {part.file_size:,} bytes"
                fault = Fault(Path(path).name, what, "save it again, delete empty rows, or save it as CSV")
                raise Refused(f"{Path(path).name} cannot be read.", [fault])

    def namelist(self) -> list[str]:
        return [name for name in super().namelist() if name not in (ARC_APP, ARC_CORE, ARC_CUSTOM, ARC_THEME)]

    def read(self, name: Any, pwd: bytes | None = None) -> bytes:
        content = super().read(name, pwd)
        return _number_formats(content) if name == ARC_STYLE else content


def _number_formats(styles: bytes) -> bytes:
    """A style sheet that says of each cell style its number format only, which tells dates from numbers."""
    space = {"": SHEET_MAIN_NS}
    given = ElementTree.fromstring(styles)
    root = ElementTree.Element(f"{{{SHEET_MAIN_NS}}}styleSheet")
    formats = [
        (item.get("numFmtId", "0"), item.get("formatCode", "General"))
        for item in given.findall("numFmts/numFmt", space)
    ]
    _add(root, "numFmts", "numFmt", ({"numFmtId": number, "formatCode": code} for number, code in formats))
    for group, item in (("fonts", "font"), ("fills", "fill"), ("borders", "border")):
        _add(root, group, item, [{}])
    _add(root, "cellStyleXfs", "xf", [{"numFmtId": "0"}])
    styles_of_cells = given.findall("cellXfs/xf", space)
    _add(root, "cellXfs", "xf", ({"numFmtId": item.get("numFmtId", "0"), "xfId": "0"} for item in styles_of_cells))
    _add(root, "cellStyles", "cellStyle", [{"name": "Normal", "xfId": "0", "builtinId": "0"}])
    return ElementTree.tostring(root)


def _add(root: ElementTree.Element, group: str, item: str, attributes: Iterable[dict[str, str]]) -> None:
    parent = ElementTree.SubElement(root, f"{{{SHEET_MAIN_NS}}}{group}")
    for each in attributes:
        child = ElementTree.SubElement(parent, f"{{{SHEET_MAIN_NS}}}{item}", each)
        if item == "fill":
            ElementTree.SubElement(child, f"{{{SHEET_MAIN_NS}}}patternFill")
