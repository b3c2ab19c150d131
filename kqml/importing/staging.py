"""Typed rows of each source in DuckDB, every fault of a row marked in one bit."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import duckdb

from kqml.calendar.business_time import moment_of
from kqml.dataset.tables import CHOICES, DATE, ID_COLUMNS, INSTANT, NUMBER, RANGES, SCHEMAS
from kqml.errors import Fault, Refused
from kqml.ids import INVISIBLE as INVISIBLE_MARKS
from kqml.ids import LOST_DIGITS as LOST
from kqml.ids import MAX_LENGTH
from kqml.importing.csv_files import forget_rejects, has_rejects
from kqml.importing.findings import Finding, FindingLevel
from kqml.importing.forms import MappingHint, date_advice, number_advice
from kqml.importing.mapping import TableMapping
from kqml.importing.meaning import meaning_findings, watched_columns, watched_sql
from kqml.importing.misreadings import Mark, marks_of, misreading_findings
from kqml.importing.problems import (
    EARLIEST,
    FUTURE,
    IMPLAUSIBLE,
    INVISIBLE,
    LOST_DIGITS,
    MAPPED_REQUIRED,
    MISSING,
    OUT_OF_RANGE,
    TOO_LONG,
    UNKNOWN,
    UNPARSABLE,
    code_of,
    problems_of,
)
from kqml.importing.relations import ROW, Relation, literal, one_row, source_column
from kqml.importing.sources import Opened
from kqml.importing.values import (
    TEXTS,
    ValueSql,
    filled_sql,
    header_sql,
    raw_name,
    skipped_sql,
    text_sql,
    texts_sql,
    total_sql,
    value_sql,
)
from kqml.importing.workspace import Workspace
from kqml.moments import first_ahead

_EXAMPLES = 5
_SIGNED = ("amount", "quantity")
"""Their sign says order or return, so a negative one is a fault of the other kinds only."""


@dataclass(frozen=True)
class _Check:
    """`fails`: SQL over the typed columns. `is_of_sign`: a sum may pass what one of its rows does not."""

    problem: str
    column: str
    fails: str

    @property
    def is_of_sign(self) -> bool:
        return self.problem == OUT_OF_RANGE and self.column in _SIGNED


@dataclass(frozen=True)
class _Reading:
    """The table `name` that rows of the source `label` for our `table` are read into."""

    name: str
    table: str
    label: str
    checks: tuple[_Check, ...]
    notes: tuple[_Check, ...]


@dataclass(frozen=True)
class Terms:
    """On what terms rows are taken: the business time zone, the currency, what is tolerated, the present instant."""

    time_zone: str
    currency: str
    tolerate: Mapping[str, float]
    now: int


@dataclass(frozen=True)
class StagedSource:
    """A source's rows as the table `name`: our columns as `v_<column>`, `mask` (0 where faultless), `skipped`.

    `rows`: all that were read."""

    name: str
    table: str
    part: TableMapping
    label: str
    rows: int
    findings: tuple[Finding, ...]


def stage_all(workspace: Workspace, opened: Sequence[Opened], terms: Terms) -> list[StagedSource]:
    """Stages every source. Raises Refused with the faults of all that cannot be read."""
    staged, refusals = [], []
    for table, part, relation in opened:
        try:
            staged.append(stage(workspace, table, part, relation, terms))
        except Refused as error:
            refusals.append(error)
    if len(refusals) > 1:
        faults = [fault for refusal in refusals for fault in refusal.faults]
        raise Refused("Several sources cannot be read. Nothing was written.", list(dict.fromkeys(faults)))
    if refusals:
        raise refusals[0]
    return staged


def stage(workspace: Workspace, table: str, part: TableMapping, relation: Relation, terms: Terms) -> StagedSource:
    """Reads a source once into a table of its own; its findings are already weighed against `[tolerate]`.

    Raises Refused where the source is broken inside."""
    name = f"stage_{next(workspace.numbers)}"
    try:
        values, checks, notes = _read_into(workspace, name, table, part, relation, terms)
        reread = relation.reread if has_rejects(workspace) else None
    except _BROKEN as error:
        if not _is_of_the_file(error):
            raise
        if relation.reread is None:
            raise _broken(relation.label, error) from error
        reread = relation.reread
    if reread is not None:
        relation = _read_again(workspace, name, relation.label, reread)
        values, checks, notes = _read_into(workspace, name, table, part, relation, terms)
    reading = _Reading(name, table, relation.label, checks, notes)
    _drop_footer(workspace, name, part.footer_rows)
    rows, skipped, totals, headers, offsets = _totals(workspace, name, values)
    findings = [replace(finding, table=table) for finding in relation.findings]
    findings += [_skipped(reading, skipped, rows)] if skipped else []
    findings += [_left_out(workspace, reading, "total_rows", "total", totals, rows)] if totals else []
    findings += [_left_out(workspace, reading, "header_rows", "header", headers, rows)] if headers else []
    findings += _mixed_offsets(reading, part, offsets)
    findings += _row_findings(workspace, reading, rows - skipped - totals - headers, terms.tolerate)
    marks = marks_of(table, part, relation.types, terms.time_zone)
    findings += misreading_findings(workspace, name, table, relation.label, marks)
    findings += _row_limit(workspace, reading, rows)
    if relation.look_inside is not None:
        findings += [replace(finding, table=table) for finding in relation.look_inside(rows)]
    findings += meaning_findings(workspace, name, table, part, relation, terms.currency)
    return StagedSource(name, table, part, relation.label, rows, tuple(findings))


_BROKEN = (duckdb.Error,)


def _is_of_the_file(error: duckdb.Error) -> bool:
    """What DuckDB finds wrong inside the file is the file's fault, memory and disk are not."""
    return type(error) is duckdb.Error or isinstance(error, duckdb.InvalidInputException)


def _read_again(workspace: Workspace, name: str, label: str, reread: Callable[[], Relation]) -> Relation:
    """The source opened for the second time, more tolerantly."""
    forget_rejects(workspace)
    workspace.connection.execute(f"DROP TABLE IF EXISTS {name}")
    try:
        return reread()
    except duckdb.Error as error:
        if not _is_of_the_file(error):
            raise
        raise _broken(label, error) from error


def _broken(label: str, error: duckdb.Error) -> Refused:
    fault = Fault(label, f"is broken inside: {str(error).splitlines()[0]}", "copy or export it again")
    return Refused(f"{label} cannot be read. Nothing was written.", [fault])


def _read_into(
    workspace: Workspace, name: str, table: str, part: TableMapping, relation: Relation, terms: Terms
) -> tuple[Mapping[str, ValueSql], tuple[_Check, ...], tuple[_Check, ...]]:
    """Makes the table; the values it holds, the faults and the notes marked in it."""
    values = {
        column: value_sql(column, SCHEMAS[table].field(column).type, source, relation.types, terms.time_zone)
        for column, source in part.columns.items()
    }
    every = (check for column in part.columns for check in _checks(table, column, values, terms))
    checks = tuple(check for check in every if not (part.aggregate and check.is_of_sign))
    notes = tuple(check for column in part.columns for check in _notes(table, column, part, relation))
    marks = marks_of(table, part, relation.types, terms.time_zone)
    sql = _stage_sql(table, part, relation, values, checks, notes, marks)
    workspace.connection.execute(f"CREATE TABLE {name} AS {sql}")
    return values, checks, notes


def _stage_sql(
    table: str,
    part: TableMapping,
    relation: Relation,
    values: Mapping[str, ValueSql],
    checks: Sequence[_Check],
    notes: Sequence[_Check],
    marks: Sequence[Mark],
) -> str:
    """Five steps: the source as text, its columns filled downwards, values as given, typed values, their masks."""
    texts = f"SELECT *{texts_sql(relation.types)} FROM {relation.sql}"
    is_total, is_header = total_sql(table, part, relation.types), header_sql(table, part)
    totals = f"SELECT *, {is_total} AS total, {is_header} AS header FROM ({texts})"
    given = [f"{value.raw} AS {raw_name(column)}" for column, value in values.items()]
    given.append(f"NOT total AND NOT header AND ({skipped_sql(part)}) AS skipped")
    filled = f"SELECT *{filled_sql(part, relation.types)} FROM ({totals})"
    typed = [f"{value.value} AS v_{column}" for column, value in values.items()]
    typed += [f"{value.offset} AS o_{column}" for column, value in values.items() if value.offset]
    typed += [f"{watched_sql(part, name)} AS {alias}" for alias, name in watched_columns(part, relation)]
    if part.aggregate and part.aggregate.lines:
        typed.append(f"CAST({source_column(part.aggregate.lines)} AS VARCHAR) AS line_key")
    raws = ", ".join(f"coalesce(CAST({raw_name(check.column)} AS VARCHAR), '')" for check in (*checks, *notes))
    inner = f"SELECT *, {', '.join(typed)} FROM (SELECT *, {', '.join(given)} FROM ({filled}))"
    used = "CAST(CASE WHEN skipped OR total OR header THEN 0 ELSE {} END AS UBIGINT)"
    marked = "".join(f", {mark.sql} AS {mark.alias}" for mark in marks)
    bits = f"{used.format(_bits(checks))} AS mask, {used.format(_bits(notes))} AS notes"
    masked = f"SELECT *, {bits}{marked} FROM ({inner})"
    retained = [f"v_{column}" for column in values]
    retained += [f"o_{column}" for column, value in values.items() if value.offset]
    retained += [alias for alias, _ in watched_columns(part, relation)]
    retained += [mark.alias for mark in marks]
    retained += ["line_key"] if part.aggregate and part.aggregate.lines else []
    raw = f"CASE WHEN mask <> 0 OR notes <> 0 THEN [{raws}] END" if raws else "NULL"
    left_out = "skipped OR total OR header AS skipped, total, header"
    return f"SELECT {ROW}, {', '.join(retained)}, {left_out}, mask, notes, {raw} AS raw FROM ({masked})"


def _bits(checks: Sequence[_Check]) -> str:
    return " + ".join(f"CASE WHEN {check.fails} THEN {1 << bit} ELSE 0 END" for bit, check in enumerate(checks)) or "0"


def _drop_footer(workspace: Workspace, name: str, rows: int) -> None:
    if rows:
        last = f"SELECT {ROW} FROM {name} ORDER BY {ROW} DESC LIMIT {rows}"
        workspace.connection.execute(f"DELETE FROM {name} WHERE {ROW} IN ({last})")


def _notes(table: str, column: str, part: TableMapping, relation: Relation) -> list[_Check]:
    """What is changed in ids without being a fault: blanks around them, words for no value where none is needed."""
    source = part.columns[column].column
    if column not in ID_COLUMNS or source is None or relation.types[source] not in TEXTS:
        return []
    around = f"trim({source_column(source)}) <> {text_sql(source)}"
    notes = [_Check("trimmed", column, f"coalesce({around}, false)")]
    if column not in MAPPED_REQUIRED[table]:
        lost = f"{raw_name(column)} IS NOT NULL AND v_{column} IS NULL"
        notes.append(_Check("null_words", column, f"coalesce({lost}, false)"))
    return notes


def _checks(table: str, column: str, values: Mapping[str, ValueSql], terms: Terms) -> list[_Check]:
    kind = SCHEMAS[table].field(column).type
    value, given = f"v_{column}", values[column].given
    moment = literal(moment_of(first_ahead(terms.now)).isoformat())
    limit = f"CAST({moment} AS TIMESTAMPTZ)"
    if kind == DATE:
        limit = literal(moment_of(terms.now, terms.time_zone).date().isoformat())
    conditions = {
        MISSING: f"NOT ({given})",
        UNPARSABLE: f"({given}) AND {value} IS NULL",
        UNKNOWN: f"{value} NOT IN ({', '.join(map(literal, CHOICES.get((table, column), ())))})",
        FUTURE: f"{value} {'>' if kind == DATE else '>='} {limit}",
        IMPLAUSIBLE: f"{value} < '{EARLIEST.get(kind, '')}'",
        OUT_OF_RANGE: _out_of_range(table, column),
        LOST_DIGITS: f"regexp_full_match({value}, {literal(LOST)})",
        INVISIBLE: f"regexp_matches({value}, {literal(_INVISIBLE)})",
        TOO_LONG: f"length({value}) > {MAX_LENGTH}",
    }
    return [
        _Check(problem, column, f"coalesce({conditions[problem]}, false)") for problem in problems_of(table, column)
    ]


_INVISIBLE = "[" + "".join(f"\\x{{{ord(mark):x}}}" for mark in INVISIBLE_MARKS) + "]"


def _out_of_range(table: str, column: str) -> str:
    low, high = RANGES.get((table, column), (0.0, None))
    outside = f"v_{column} < {low}" + (f" OR v_{column} > {high}" if high is not None else "")
    signed = column in _SIGNED and table == "events"
    return f"({outside}) AND v_kind NOT IN ('order', 'return')" if signed else f"({outside})"


def _totals(
    workspace: Workspace, name: str, values: Mapping[str, ValueSql]
) -> tuple[int, int, int, int, dict[str, list[str]]]:
    """The rows, those skipped on purpose, totals, repeated headers, the offsets of each column of moments."""
    dated = [column for column, value in values.items() if value.offset]
    offsets = "".join(f", list(DISTINCT o_{column}) FILTER (v_{column} IS NOT NULL)" for column in dated)
    is_skipped = "skipped AND NOT total AND NOT header"
    counts = f"count(*), count(*) FILTER ({is_skipped}), count(*) FILTER (total), count(*) FILTER (header)"
    rows, skipped, totals, headers, *result = one_row(workspace.connection, f"SELECT {counts}{offsets} FROM {name}")
    return (
        rows,
        skipped,
        totals,
        headers,
        {column: sorted(seen or []) for column, seen in zip(dated, result, strict=True)},
    )


def _skipped(reading: _Reading, count: int, rows: int) -> Finding:
    return Finding(
        "skipped", FindingLevel.LEFT_OUT, reading.table, count=count, share=count / rows, source=reading.label
    )


_LIMITS = (2**16, 2**20)
"""The rows of a sheet of .xls and .xlsx files."""

_ROUND, _LEAST_ROUND = 1000, 1000
"""Exports stop at round numbers of rows."""


def _row_limit(workspace: Workspace, reading: _Reading, rows: int) -> Iterator[Finding]:
    """A source that ends at a number of rows at which programs cut exports off."""
    (last,) = one_row(workspace.connection, f"SELECT max({ROW}) FROM {reading.name}")
    if (rows >= _LEAST_ROUND and rows % _ROUND == 0) or {rows, rows + 1, last} & set(_LIMITS):
        yield Finding("row_limit", FindingLevel.WARNING, reading.table, count=rows, source=reading.label)


def _left_out(workspace: Workspace, reading: _Reading, message: str, flag: str, count: int, rows: int) -> Finding:
    (first,) = one_row(workspace.connection, f"SELECT min({ROW}, {_EXAMPLES}) FILTER ({flag}) FROM {reading.name}")
    return Finding(
        message,
        FindingLevel.LEFT_OUT,
        reading.table,
        count=count,
        share=count / rows,
        source=reading.label,
        rows=tuple(first),
    )


def _mixed_offsets(reading: _Reading, part: TableMapping, offsets: Mapping[str, list[str]]) -> list[Finding]:
    """A column of which some values say their offset while others do not, or whose offsets differ undeclared."""
    findings = []
    for column, seen in offsets.items():
        distinct = {"+00:00" if offset == "Z" else offset for offset in seen}
        if len(distinct) > 1 and ("" in distinct or part.columns[column].offsets == "same"):
            shown = tuple(offset or "–" for offset in seen)
            message = "mixed_time_zones" if "" in distinct else "several_offsets"
            findings.append(
                Finding(message, FindingLevel.REFUSAL, reading.table, column, source=reading.label, values=shown)
            )
    return findings


def _row_findings(
    workspace: Workspace, reading: _Reading, rows: int, tolerate: Mapping[str, float]
) -> Iterator[Finding]:
    """One finding for each fault or note that any row has, with the first rows and values."""
    marks = [("mask", bit, check) for bit, check in enumerate(reading.checks)]
    marks += [("notes", bit, check) for bit, check in enumerate(reading.notes)]
    parts = []
    for index, (mask, bit, _) in enumerate(marks, start=1):
        hit = f"FILTER ({mask} & {1 << bit} <> 0)"
        parts.append(f"count(*) {hit}, min({ROW}, {_EXAMPLES}) {hit}, arg_min(raw[{index}], {ROW}, {_EXAMPLES}) {hit}")
    result = one_row(
        workspace.connection, f"SELECT {', '.join(parts)} FROM {reading.name} WHERE mask <> 0 OR notes <> 0"
    )
    for index, (mask, _, check) in enumerate(marks):
        count, indices, given = result[3 * index : 3 * index + 3]
        if count:
            limit = tolerate.get(code_of(check.problem, check.column))
            tolerated = limit is not None and count / rows <= limit
            level = FindingLevel.LEFT_OUT if tolerated else FindingLevel.REFUSAL
            values = tuple(dict.fromkeys(value for value in given if value))
            facts: dict[str, Any] = {} if limit is None else {"tolerated": limit}
            if check.problem == UNPARSABLE:
                facts |= _advice(reading.table, check.column, values)
            yield Finding(
                check.problem,
                FindingLevel.NOTE if mask == "notes" else level,
                reading.table,
                check.column,
                count,
                count / rows,
                reading.label,
                tuple(indices),
                values,
                facts,
            )


def _advice(table: str, column: str, values: Sequence[str]) -> dict[str, str]:
    """What the mapping could say so that the values can be read, as facts of the finding."""
    kind = SCHEMAS[table].field(column).type
    if kind in (INSTANT, DATE):
        advice = date_advice(values)
    else:
        advice = number_advice(values) if kind == NUMBER else MappingHint("other", {})
    return {"advice": advice.key, **advice.facts}
