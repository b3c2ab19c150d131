"""Typed rows of each source in DuckDB, every fault of a row marked in one bit."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import duckdb

from kqml.calendar.business_time import moment_of
from kqml.dataset.tables import CHOICES, DATE, RANGES, SCHEMAS
from kqml.errors import Fault, Refused
from kqml.importing.findings import Finding, FindingLevel
from kqml.importing.mapping import TableMapping
from kqml.importing.problems import (
    EARLIEST,
    FUTURE,
    IMPLAUSIBLE,
    MISSING,
    OUT_OF_RANGE,
    UNKNOWN,
    UNPARSABLE,
    code_of,
    problems_of,
)
from kqml.importing.relations import ROW, Relation, literal, one_row, source_column
from kqml.importing.values import ValueSql, skipped_sql, value_sql
from kqml.importing.workspace import Workspace

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


@dataclass(frozen=True)
class Terms:
    """On what terms rows are taken: the business time zone, what is tolerated, after when the future begins."""

    time_zone: str
    tolerate: Mapping[str, float]
    now: int


@dataclass(frozen=True)
class StagedSource:
    """A source's rows as the table `name`: our columns as `v_<column>`, `mask` (0 where faultless), `skipped`."""

    name: str
    table: str
    part: TableMapping
    label: str
    rows: int
    findings: tuple[Finding, ...]


def stage(workspace: Workspace, table: str, part: TableMapping, relation: Relation, terms: Terms) -> StagedSource:
    """Reads a source once into a table of its own; its findings are already weighed against `[tolerate]`."""
    values = {
        column: value_sql(column, SCHEMAS[table].field(column).type, source, relation.types, terms.time_zone)
        for column, source in part.columns.items()
    }
    every = (check for column in part.columns for check in _checks(table, column, values, terms))
    checks = tuple(check for check in every if not (part.aggregate and check.is_of_sign))
    reading = _Reading(f"stage_{next(workspace.numbers)}", table, relation.label, checks)
    _read_into(workspace, reading, _stage_sql(part, relation, values, checks))
    rows, skipped, offsets = _totals(workspace, reading.name, values)
    findings = [_skipped(reading, skipped, rows)] if skipped else []
    findings += _mixed_offsets(reading, part, offsets)
    findings += _row_findings(workspace, reading, rows - skipped, terms.tolerate)
    return StagedSource(reading.name, table, part, relation.label, rows, tuple(findings))


def _read_into(workspace: Workspace, reading: _Reading, sql: str) -> None:
    """Makes the table; what DuckDB finds wrong inside the file is the file's fault, memory and disk are not."""
    try:
        workspace.connection.execute(f"CREATE TABLE {reading.name} AS {sql}")
    except duckdb.Error as error:
        if type(error) is not duckdb.Error and not isinstance(error, duckdb.InvalidInputException):
            raise
        fault = Fault(reading.label, f"is broken inside: {str(error).splitlines()[0]}", "copy or export it again")
        raise Refused(f"{reading.label} cannot be read. Nothing was written.", [fault]) from error


def _stage_sql(part: TableMapping, relation: Relation, values: Mapping[str, ValueSql], checks: Sequence[_Check]) -> str:
    """Three steps: the source, its typed columns, the mask that is read off them."""
    typed = [f"{value.value} AS v_{column}" for column, value in values.items()]
    typed += [f"{value.offset} AS o_{column}" for column, value in values.items() if value.offset]
    typed.append(f"{skipped_sql(part, relation.types)} AS skipped")
    if part.aggregate and part.aggregate.lines:
        typed.append(f"CAST({source_column(part.aggregate.lines)} AS VARCHAR) AS line_key")
    bits = " + ".join(f"CASE WHEN {check.fails} THEN {1 << bit} ELSE 0 END" for bit, check in enumerate(checks))
    raws = ", ".join(f"coalesce(CAST({values[check.column].raw} AS VARCHAR), '')" for check in checks)
    inner = f"SELECT *, {', '.join(typed)} FROM {relation.sql}"
    masked = f"SELECT *, CAST(CASE WHEN skipped THEN 0 ELSE {bits or '0'} END AS UBIGINT) AS mask FROM ({inner})"
    retained = [f"v_{column}" for column in values] + [
        f"o_{column}" for column, value in values.items() if value.offset
    ]
    retained += ["line_key"] if part.aggregate and part.aggregate.lines else []
    raw = f"CASE WHEN mask <> 0 THEN [{raws}] END" if checks else "NULL"
    return f"SELECT {ROW}, {', '.join(retained)}, skipped, mask, {raw} AS raw FROM ({masked})"


def _checks(table: str, column: str, values: Mapping[str, ValueSql], terms: Terms) -> list[_Check]:
    kind = SCHEMAS[table].field(column).type
    value, given = f"v_{column}", values[column].given
    moment = literal(moment_of(terms.now).isoformat())
    limit = f"CAST({moment} AS TIMESTAMPTZ)"
    if kind == DATE:
        limit = literal(moment_of(terms.now, terms.time_zone).date().isoformat())
    conditions = {
        MISSING: f"NOT ({given})",
        UNPARSABLE: f"({given}) AND {value} IS NULL",
        UNKNOWN: f"{value} NOT IN ({', '.join(map(literal, CHOICES.get((table, column), ())))})",
        FUTURE: f"{value} > {limit}",
        IMPLAUSIBLE: f"{value} < '{EARLIEST.get(kind, '')}'",
        OUT_OF_RANGE: _out_of_range(table, column),
    }
    return [
        _Check(problem, column, f"coalesce({conditions[problem]}, false)") for problem in problems_of(table, column)
    ]


def _out_of_range(table: str, column: str) -> str:
    low, high = RANGES.get((table, column), (0.0, None))
    outside = f"v_{column} < {low}" + (f" OR v_{column} > {high}" if high is not None else "")
    signed = column in _SIGNED and table == "events"
    return f"({outside}) AND v_kind NOT IN ('order', 'return')" if signed else f"({outside})"


def _totals(workspace: Workspace, name: str, values: Mapping[str, ValueSql]) -> tuple[int, int, dict[str, list[str]]]:
    dated = [column for column, value in values.items() if value.offset]
    offsets = "".join(f", list(DISTINCT o_{column}) FILTER (v_{column} IS NOT NULL)" for column in dated)
    rows, skipped, *result = one_row(
        workspace.connection, f"SELECT count(*), count(*) FILTER (skipped){offsets} FROM {name}"
    )
    return rows, skipped, {column: sorted(seen or []) for column, seen in zip(dated, result, strict=True)}


def _skipped(reading: _Reading, count: int, rows: int) -> Finding:
    return Finding(
        "skipped", FindingLevel.LEFT_OUT, reading.table, count=count, share=count / rows, source=reading.label
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
    """One finding for each check that any row fails, with the first rows and values."""
    parts = []
    for bit, _ in enumerate(reading.checks):
        hit = f"FILTER (mask & {1 << bit} <> 0)"
        first = f"min({ROW}, {_EXAMPLES}) {hit}, arg_min(raw[{bit + 1}], {ROW}, {_EXAMPLES}) {hit}"
        parts.append(f"count(*) {hit}, {first}")
    result = one_row(workspace.connection, f"SELECT {', '.join(parts)} FROM {reading.name} WHERE mask <> 0")
    for bit, check in enumerate(reading.checks):
        count, indices, given = result[3 * bit : 3 * bit + 3]
        if count:
            limit = tolerate.get(code_of(check.problem, check.column))
            yield Finding(
                check.problem,
                FindingLevel.LEFT_OUT if limit is not None and count / rows <= limit else FindingLevel.REFUSAL,
                reading.table,
                check.column,
                count,
                count / rows,
                reading.label,
                tuple(indices),
                tuple(dict.fromkeys(value for value in given if value)),
                {} if limit is None else {"tolerated": limit},
            )
