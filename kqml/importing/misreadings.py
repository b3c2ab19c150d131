"""Values that are readable, but probably mean another value: points between thousands, days exchanged with months."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import pyarrow as pa

from kqml.dataset.tables import DATE, INSTANT, NUMBER, SCHEMAS
from kqml.importing.findings import Finding, FindingLevel
from kqml.importing.mapping import ColumnSource, TableMapping, exchanged
from kqml.importing.relations import CELL, ROW, literal, moment_name, number_name, one_row, quoted
from kqml.importing.values import TEXTS, raw_name
from kqml.importing.workspace import Workspace

_EXAMPLES = 5
LEAST_GROUPED = 20
"""So many numbers with a point before three digits, and none with another point, look like grouped thousands."""

LEAST_CELLS, LEAST_DAYS, LEAST_TEXTS = 10, 2, 5
"""So many date cells of several days of the month, all of the 12th or earlier, look exchanged beside so many texts."""

_GROUPED, _SHORT, _OTHER = 1, 2, 3


@dataclass(frozen=True)
class Mark:
    """`alias`: the column of a staged table that holds `sql`; `kind`: the type of our `column`."""

    alias: str
    column: str
    kind: pa.DataType
    sql: str


def marks_of(table: str, part: TableMapping, types: Mapping[str, str], zone: str) -> list[Mark]:
    """What a staged table keeps of how values were written, for `misreading_findings`."""
    marks = []
    for column, source in part.columns.items():
        kind = SCHEMAS[table].field(column).type
        type_ = types.get(source.column or "", "")
        if kind == NUMBER and type_ in TEXTS and source.decimal == "." and not source.thousands:
            marks.append(Mark(f"m_{column}", column, kind, _number_form(source, column, type_)))
        if kind in (INSTANT, DATE) and type_ == CELL and any(map(exchanged, source.format or ())):
            marks.append(Mark(f"m_{column}", column, kind, _day(source, column, kind, source.time_zone or zone)))
    return marks


def _number_form(source: ColumnSource, column: str, type_: str) -> str:
    """1 where a point stands before the last three digits, 2 where there are three digits at most, 3 otherwise."""
    text = raw_name(column)
    grouped = f"substr({text}, -4, 1) = '.' AND regexp_full_match({text}, '[^0-9.,]*[1-9][0-9]{{0,2}}([.][0-9]{{3}})+')"
    short = f"NOT contains({text}, '.') AND regexp_full_match({text}, '[^0-9.,]*[0-9]{{1,3}}')"
    form = f"CASE WHEN {grouped} THEN {_GROUPED} WHEN {short} THEN {_SHORT} WHEN {text} IS NOT NULL THEN {_OTHER} END"
    return form if type_ != CELL else f"CASE WHEN {quoted(number_name(str(source.column)))} IS NULL THEN {form} END"


def _day(source: ColumnSource, column: str, kind: pa.DataType, zone: str) -> str:
    """The day of the month of a date cell; of a text its negative."""
    cell = quoted(moment_name(str(source.column)))
    local = f"v_{column}" if kind == DATE else f"timezone({literal(zone)}, v_{column})"
    return f"CASE WHEN {cell} IS NULL THEN -day({local}) ELSE TRY_CAST(substr({cell}, 9, 2) AS BIGINT) END"


def misreading_findings(
    workspace: Workspace, name: str, table: str, label: str, marks: list[Mark]
) -> Iterator[Finding]:
    """Warn of numbers whose points look like separators of thousands, refuse dates that a spreadsheet exchanged."""
    for mark in marks:
        query = _grouped_sql(mark) if mark.kind == NUMBER else _exchanged_sql(mark)
        applies, count, rows = one_row(workspace.connection, f"SELECT {query} FROM {name} WHERE NOT skipped")
        if applies:
            message, level = ("grouped_by_point", FindingLevel.WARNING)
            if mark.kind != NUMBER:
                message, level = ("exchanged_days", FindingLevel.REFUSAL)
            (total,) = one_row(workspace.connection, f"SELECT count(*) FROM {name} WHERE NOT skipped")
            yield Finding(message, level, table, mark.column, count, count / total, label, tuple(rows))


def _grouped_sql(mark: Mark) -> str:
    grouped = f"count(*) FILTER ({mark.alias} = {_GROUPED})"
    short = f"count(*) FILTER ({mark.alias} = {_SHORT})"
    other = f"count(*) FILTER ({mark.alias} = {_OTHER})"
    first = f"min({ROW}, {_EXAMPLES}) FILTER ({mark.alias} = {_GROUPED})"
    # Quantities may have three decimals, in kilogrammes; amounts do not.
    mixed = "true" if mark.column == "amount" else f"{short} > 0"
    return f"{grouped} >= {LEAST_GROUPED} AND {mixed} AND {other} = 0, {grouped}, {first}"


def _exchanged_sql(mark: Mark) -> str:
    cells, texts = f"FILTER ({mark.alias} > 0)", f"FILTER ({mark.alias} < 0)"
    applies = (
        f"count(*) {cells} >= {LEAST_CELLS} AND count(DISTINCT {mark.alias}) {cells} >= {LEAST_DAYS}"
        f" AND max({mark.alias}) {cells} <= 12"
        f" AND count(*) {texts} >= {LEAST_TEXTS} AND max({mark.alias}) {texts} < -12"
    )
    return f"coalesce({applies}, false), count(*) {cells}, min({ROW}, {_EXAMPLES}) {cells}"
