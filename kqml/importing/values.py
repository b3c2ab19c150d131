"""SQL that turns a column of theirs into a value of ours."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pyarrow as pa

from kqml.dataset.tables import DATE, INSTANT, NUMBER, TEXT
from kqml.importing.mapping import ColumnSource, TableMapping
from kqml.importing.problems import JSON_COLUMNS
from kqml.importing.relations import literal, source_column

ISO = r"\d{4}-\d{2}-\d{2}([ T]\d{2}:\d{2}(:\d{2}([.,]\d+)?)?( ?(Z|[+-]\d{2}(:?\d{2})?))?)?"
OFFSET = r"\d{2}:\d{2}.*?(Z|[+-]\d{2}:?\d{0,2})$"
_CLOCKS = ("TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS", "DATE")
_SQL_TYPES = {TEXT: "VARCHAR", NUMBER: "DOUBLE", DATE: "DATE", INSTANT: "TIMESTAMPTZ"}


@dataclass(frozen=True)
class ValueSql:
    """SQL over the source's columns: the value, NULL where there is none or it cannot be read; the value as given,
    as text; whether one was given; the offset from UTC written in it ('' none), for text instants alone."""

    value: str
    raw: str
    given: str
    offset: str | None = None


def sql_type(kind: pa.DataType) -> str:
    """DuckDB's name of a type of the data contract."""
    return _SQL_TYPES[kind]


def value_sql(column: str, kind: pa.DataType, source: ColumnSource, types: Mapping[str, str], zone: str) -> ValueSql:
    """How the value of our `column` of type `kind` is made of a source whose columns have these DuckDB `types`."""
    if source.constant is not None:
        constant = literal(str(source.constant))
        return ValueSql(f"CAST({constant} AS {sql_type(kind)})", constant, "true")
    if source.columns:
        return _json_object(source.columns, types)
    if source.product:
        return _product(source, types)
    name = str(source.column)
    given = _mapped(source, _text(name, types[name]))
    if kind == NUMBER:
        return ValueSql(_number(source, name, types[name]), given, f"({given}) IS NOT NULL")
    if kind in (INSTANT, DATE):
        return _moment(kind, source, types, zone)
    return ValueSql(_text_form(column, given), given, f"({given}) IS NOT NULL")


def skipped_sql(part: TableMapping, types: Mapping[str, str]) -> str:
    """Whether a row is left out on purpose: by a column's `skip`, or since it is not among the part's `where`."""
    skips = [(source.column, source.skip) for source in part.columns.values() if source.column and source.skip]
    left_out = [_is_one_of(column, values, types) for column, values in skips]
    left_out += [f"NOT {_is_one_of(column, values, types)}" for column, values in part.where.items()]
    return " OR ".join(left_out) or "false"


def _is_one_of(column: str, values: Sequence[str], types: Mapping[str, str]) -> str:
    return f"(coalesce({_text(column, types[column])}, '') IN ({', '.join(map(literal, values))}))"


def _text(name: str, kind: str) -> str:
    """A source column as trimmed text; whole numbers without a point; nothing for empty text and NaN."""
    column = source_column(name)
    if kind == "VARCHAR":
        return f"nullif(trim({column}), '')"
    if kind in ("DOUBLE", "FLOAT") or kind.startswith("DECIMAL"):
        number = f"CAST({column} AS DOUBLE)"
        whole = f"{number} = trunc({number}) AND abs({number}) < 1e15"
        plain = f"CASE WHEN {whole} THEN CAST(CAST({number} AS BIGINT) AS VARCHAR) ELSE CAST({column} AS VARCHAR) END"
        return f"CASE WHEN NOT isnan({number}) THEN {plain} END"
    return f"CAST({column} AS VARCHAR)"


def _mapped(source: ColumnSource, text: str) -> str:
    """The text after `values`, `prefixes`, `otherwise`, `empty`; what none of them names stays as it is."""
    named = _named(source, text)
    return named if source.empty is None else f"coalesce({named}, {literal(source.empty)})"


def _named(source: ColumnSource, text: str) -> str:
    cases = [f"WHEN {text} = {literal(old)} THEN {literal(new)}" for old, new in source.values.items()]
    cases += [f"WHEN starts_with({text}, {literal(old)}) THEN {literal(new)}" for old, new in source.prefixes.items()]
    if not cases:
        return text
    rest = text if source.otherwise is None else literal(source.otherwise)
    return f"nullif(CASE WHEN {text} IS NULL THEN NULL {' '.join(cases)} ELSE {rest} END, '')"


def _number(source: ColumnSource, name: str, kind: str) -> str:
    is_text = kind == "VARCHAR" or bool(source.values or source.prefixes)
    number = _parsed_number(source, _mapped(source, _text(name, kind))) if is_text else _as_double(source_column(name))
    return _finite(number if source.factor is None else f"({number}) * {source.factor!r}")


def _as_double(expression: str) -> str:
    return f"TRY_CAST({expression} AS DOUBLE)"


def _parsed_number(source: ColumnSource, text: str) -> str:
    for unit in source.strip:
        text = f"trim(replace({text}, {literal(unit)}, ''))"
    if source.thousands:
        text = _ungrouped(text, source.thousands)
    if source.decimal == ",":
        text = f"replace({text}, ',', '.')"
    return _as_double(text)


def _ungrouped(text: str, separator: str) -> str:
    """The number without its separators; NULL where one stands before fewer than three digits: 12,50 is not 1250."""
    misplaced = literal(f"[{separator}][0-9]{{0,2}}([^0-9]|$)")
    return f"CASE WHEN NOT regexp_matches({text}, {misplaced}) THEN replace({text}, {literal(separator)}, '') END"


def _finite(number: str) -> str:
    return f"CASE WHEN isfinite({number}) THEN {number} END"


def _product(source: ColumnSource, types: Mapping[str, str]) -> ValueSql:
    names = source.product or ()
    numbers = [
        _parsed_number(source, _text(name, types[name]))
        if types[name] == "VARCHAR"
        else _as_double(source_column(name))
        for name in names
    ]
    texts = [_text(name, types[name]) for name in names]
    given = " AND ".join(f"({text}) IS NOT NULL" for text in texts)
    return ValueSql(_finite(" * ".join(numbers)), f"concat_ws(' × ', {', '.join(texts)})", f"({given})")


def _json_object(names: tuple[str, ...], types: Mapping[str, str]) -> ValueSql:
    pairs = ", ".join(f"{literal(name)}, {_text(name, types[name])}" for name in names)
    written = f"CAST(json_object({pairs}) AS VARCHAR)"
    return ValueSql(written, written, "true")


def _text_form(column: str, text: str) -> str:
    if column in JSON_COLUMNS:
        return f"CASE WHEN json_valid({text}) AND NOT {_lax_json(text)} THEN {text} END"
    if column == "birthday":
        return f"nullif(regexp_extract({text}, '^(\\d{{4}}-)?((0[1-9]|1[0-2])-(0[1-9]|[12]\\d|3[01]))$', 2), '')"
    return text


_OUTSIDE_JSON = r"(?i)nan|inf|,\s*[}\]]|[0-9]{309,}|e\+?(30[89]|3[1-9][0-9]|[4-9][0-9]{2}|[0-9]{4,})"
"""NaN, infinity, commas before an end, numbers beyond a double: DuckDB takes them, other readers of JSON fail."""


def _lax_json(text: str) -> str:
    """Whether JSON holds such outside its strings."""
    bare = f"regexp_replace({text}, {literal(_STRING)}, '', 'g')"
    return f"regexp_matches({bare}, {literal(_OUTSIDE_JSON)})"


_STRING = r'"([^"\\]|\\.)*"'


def _moment(kind: pa.DataType, source: ColumnSource, types: Mapping[str, str], business_zone: str) -> ValueSql:
    """An instant, or its local day. Clock times without an offset are read in the source's time zone."""
    name = str(source.column)
    zone = literal(source.time_zone or business_zone)
    raw = _mapped(source, _text(name, types[name]))
    given = f"({raw}) IS NOT NULL"
    offset = None
    if types[name] == "TIMESTAMP WITH TIME ZONE":
        instant = source_column(name)
    elif types[name] in _CLOCKS:
        instant = f"timezone({zone}, CAST({source_column(name)} AS TIMESTAMP))"
    elif source.format:
        clock = f"try_strptime({raw}, {literal(source.format)})"
        instant = clock if "%z" in source.format else f"timezone({zone}, {clock})"
    else:
        offset = f"coalesce(regexp_extract({raw}, {literal(OFFSET)}, 1), '')"
        instant = _iso(raw, zone)
    if kind == INSTANT:
        return ValueSql(instant, raw, given, offset)
    return ValueSql(f"CAST(timezone({zone}, {instant}) AS DATE)", raw, given)


def _iso(text: str, zone: str) -> str:
    has_offset = f"regexp_matches({text}, {literal(OFFSET)})"
    clock = f"timezone({zone}, TRY_CAST({text} AS TIMESTAMP))"
    read = f"CASE WHEN {has_offset} THEN TRY_CAST({text} AS TIMESTAMPTZ) ELSE {clock} END"
    return f"CASE WHEN regexp_full_match({text}, {literal(ISO)}) THEN {read} END"
