"""The plan of a week as a file: Excel for reps, CSV or Parquet for programs."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from kqml.dataset.csv_output import write_csv
from kqml.errors import BadUse, CouldNot, Fault
from kqml.messages import catalogue, text

if TYPE_CHECKING:
    from openpyxl.worksheet.worksheet import Worksheet

SUFFIXES = (".xlsx", ".csv", ".parquet")

PLAIN = ("account_id", "name", "rep_id", "tier", "action", "given_for", "minutes", "money", "band", "value_at_risk")
CLAIMS = ("effect", "net_value")
PARTS = ("musts", "why", "open", "offer", "ask", "last", "steps", "hours", "personal")
HEADS = {"account_id": "account", "rep_id": "rep"}
WIDE, NARROW = 42, 14


def check_plan_path(path: Path) -> None:
    """Raise BadUse where the name does not say in which format the plan is to be written."""
    if path.suffix not in SUFFIXES:
        fault = Fault("--out", f"{path.name} has the extension {path.suffix!r}", f"use one of {', '.join(SUFFIXES)}")
        raise BadUse("The plan cannot be written.", [fault])


def write_plan(path: Path, title: str, rows: Sequence[Mapping[str, Any]], language: str) -> None:
    """Write the plan atomically. Raises CouldNot where the disk refuses."""
    draft = path.with_name(f".{os.getpid()}.{path.name}")
    try:
        if path.suffix == ".xlsx":
            _write_excel(draft, title, rows, language)
        else:
            table = pa.Table.from_pandas(_frame(rows), preserve_index=False)
            write_csv(table, draft) if path.suffix == ".csv" else pq.write_table(table, draft)
        draft.replace(path)
    except OSError as error:
        raise CouldNot(f"The plan cannot be written to {path}: {error}.") from error
    finally:
        draft.unlink(missing_ok=True)


def _frame(rows: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """Return plain columns, claimed money with its bounds, and the parts of the brief as lines."""
    others = ("brief", "reasons", *CLAIMS)
    flat = [
        {**{key: value for key, value in row.items() if key not in others}, **_claims(row), **_lines(row)}
        for row in rows
    ]
    return pd.DataFrame(flat)


def _claims(row: Mapping[str, Any]) -> dict[str, float | None]:
    bounds = {"": "value", "_low": "low", "_high": "high"}
    return {
        f"{name}{end}": None if row[name] is None else row[name][key] for name in CLAIMS for end, key in bounds.items()
    }


def _lines(row: Mapping[str, Any]) -> dict[str, str]:
    return {part: "\n".join(row["brief"][part]) for part in PARTS if "brief" in row}


def _write_excel(path: Path, title: str, rows: Sequence[Mapping[str, Any]], language: str) -> None:
    from openpyxl import Workbook
    from openpyxl.styles import Alignment, Font

    book = Workbook()
    sheet: Worksheet = book.active
    sheet.title = text("plan.sheet", language)
    heads = [text(f"plan.heads.{HEADS.get(name, name)}", language) for name in (*PLAIN, *PARTS)]
    _put(sheet, 1, [title])
    _put(sheet, 2, heads)
    for number, row in enumerate(rows, start=3):
        lines = _lines(row)
        _put(
            sheet, number, [*(_shown(name, row[name], language) for name in PLAIN), *(lines.get(p, "") for p in PARTS)]
        )
    for cell in (*sheet[1], *sheet[2]):
        cell.font = Font(bold=True)
    for column in sheet.iter_cols(min_row=3, min_col=len(PLAIN) + 1):
        for cell in column:
            cell.alignment = Alignment(wrap_text=True, vertical="top")
    for position in range(1, len(heads) + 1):
        wide = position > len(PLAIN)
        sheet.column_dimensions[sheet.cell(2, position).column_letter].width = WIDE if wide else NARROW
    sheet.freeze_panes = "C3"
    book.save(path)


def _put(sheet: "Worksheet", number: int, values: Sequence[Any]) -> None:
    """Write a cell; text that starts with = is not a formula."""
    for position, value in enumerate(values, start=1):
        cell = sheet.cell(number, position)
        cell.value = value
        if isinstance(value, str):
            cell.data_type = "s"


def _shown(name: str, value: Any, language: str) -> Any:
    words = {"action": ("plan", "actions"), "given_for": ("plan", "given_for")}
    if name in words:
        topic, part = words[name]
        return catalogue(topic, language)[part].get(value, value)
    if name == "band" and value is not None:
        return text(f"bands.{value}", language)
    return round(value) if name == "value_at_risk" and value is not None else value
