"""SQL that turns a column of theirs into a value of ours."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import pyarrow as pa

from kqml.dataset.tables import DATE, ID_COLUMNS, INSTANT, NUMBER, PATTERNS, TEXT
from kqml.ids import BLANK_AT_END, BLANKS, NULL_WORDS, SPACES, TEXT_GUARD
from kqml.importing.mapping import ColumnSource, TableMapping
from kqml.importing.problems import JSON_COLUMNS, MAPPED_REQUIRED
from kqml.importing.relations import CELL, ROW, literal, moment_name, number_name, quoted, source_column
from kqml.moments import CLOCK, OFFSET

ISO = rf"\d{{4}}-\d{{2}}-\d{{2}}([ T]({CLOCK}|24:00(:00)?)( ?{OFFSET})?)?"
_OFFSET_OF = rf"\d{{2}}:\d{{2}}.*?{OFFSET}$"
TEXTS = ("VARCHAR", CELL)
_CLOCKS = ("TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS", "DATE")
_SQL_TYPES = {TEXT: "VARCHAR", NUMBER: "DOUBLE", DATE: "DATE", INSTANT: "TIMESTAMPTZ"}


@dataclass(frozen=True)
class ValueSql:
    """How a value is made in three steps. `raw`: SQL over the columns of `texts_sql`, the value as given, as text;
    `value`, `offset` (from UTC, '' none, for text instants alone): SQL that calls `raw` by `raw_name`, the value being
    NULL where there is none or it cannot be read; `given`: SQL that also calls the value `v_<column>`: whether one was
    given."""

    value: str
    raw: str
    given: str
    offset: str | None = None


def raw_name(column: str) -> str:
    """The SQL name of one of our columns as given."""
    return f"r_{column}"


def text_sql(name: str) -> str:
    """The SQL name of a source column as text without blanks and text guards around it."""
    return quoted(f"text.{name}")


def texts_sql(types: Mapping[str, str]) -> str:
    """A select list of every source column as text, as `text_sql` calls them."""
    return "".join(f", {_as_text(name, kind)} AS {text_sql(name)}" for name, kind in types.items())


def sql_type(kind: pa.DataType) -> str:
    """DuckDB's name of a type of the data contract."""
    return _SQL_TYPES[kind]


def value_sql(column: str, kind: pa.DataType, source: ColumnSource, types: Mapping[str, str], zone: str) -> ValueSql:
    """How the value of our `column` of type `kind` is made of a source whose columns have these DuckDB `types`."""
    if source.constant is not None:
        constant = literal(str(source.constant))
        return ValueSql(f"CAST({constant} AS {sql_type(kind)})", constant, "true")
    if source.columns:
        return _json_object(source.columns)
    if source.product:
        return _product(source, types)
    name = str(source.column)
    raw, called = _mapped(source, text_sql(name)), raw_name(column)
    if column in ID_COLUMNS:
        return ValueSql(_id(source, called), raw, f"v_{column} IS NOT NULL")
    if kind == NUMBER:
        return ValueSql(_rated(source, _number(source, name, types[name], called)), raw, f"{called} IS NOT NULL")
    if kind in (INSTANT, DATE):
        return _moment(kind, source, types[name], called, raw, zone)
    return ValueSql(_text_form(column, called), raw, f"{called} IS NOT NULL")


def skipped_sql(part: TableMapping) -> str:
    """Whether a row is left out on purpose: by a column's `skip`, or since it is not among the part's `where`."""
    skips = [(source.column, source.skip) for source in part.columns.values() if source.column and source.skip]
    left_out = [_is_one_of(column, values) for column, values in skips]
    left_out += [f"NOT {_is_one_of(column, values)}" for column, values in part.where.items()]
    return " OR ".join(left_out) or "false"


def _is_one_of(column: str, values: Sequence[str]) -> str:
    return f"(coalesce({text_sql(column)}, '') IN {_listed(values)})"


_TOTAL_KEY = "((合|总|小|累) ?计|(grand |sub[ -]?)?total) ?[:：]?"
_TOTAL = f"(^|[^a-z]){_TOTAL_KEY} ?(\x1f|$)"


def total_sql(table: str, part: TableMapping, names: Iterable[str]) -> str:
    """Whether a row is a total: its key says so, or it lacks a required value and one of the columns says so.

    Of columns that are filled downwards the values as they stand count."""
    required = [text_sql(name) for column in MAPPED_REQUIRED[table] if (name := part.columns[column].column)]
    keys = [text_sql(name) for name in [part.columns[MAPPED_REQUIRED[table][0]].column] if name]
    is_key = " OR ".join(f"coalesce(regexp_full_match(lower({key}), {literal(_TOTAL_KEY)}), false)" for key in keys)
    words = f"lower(concat_ws(chr(31), {', '.join(map(text_sql, names))}))"
    lacks = " OR ".join(f"{text} IS NULL" for text in required)
    says = f"coalesce(regexp_matches({words}, {literal(_TOTAL)}), false)"
    return f"({is_key or 'false'} OR CASE WHEN {lacks or 'false'} THEN {says} ELSE false END)"


def header_sql(table: str, part: TableMapping) -> str:
    """Whether a row repeats the header, as in files that were put together: its required columns hold their names."""
    keys = list(dict.fromkeys(name for key in MAPPED_REQUIRED[table] if (name := part.columns[key].column)))
    repeated = " AND ".join(f"coalesce({text_sql(name)} = {literal(name.strip(BLANKS))}, false)" for name in keys)
    return f"({repeated})" if len(keys) > 1 or table != "events" else "false"


def filled_sql(part: TableMapping, types: Mapping[str, str]) -> str:
    """What replaces the columns to be filled downwards in a select list; '' where there are none."""
    replaced = []
    for name in sorted({source.column for source in part.columns.values() if source.fill and source.column}):
        columns = [source_column(name), text_sql(name)]
        if types[name] == CELL:
            columns += [quoted(number_name(name)), quoted(moment_name(name))]
        fields = ", ".join(f"f{index} := {column}" for index, column in enumerate(columns))
        cell = f"CASE WHEN {text_sql(name)} IS NOT NULL AND NOT total AND NOT header THEN struct_pack({fields}) END"
        last = f"last_value({cell} IGNORE NULLS) OVER (ORDER BY {ROW})"
        replaced += [f"({last}).f{index} AS {column}" for index, column in enumerate(columns)]
    return f" REPLACE ({', '.join(replaced)})" if replaced else ""


def _listed(words: Sequence[str]) -> str:
    return f"({', '.join(map(literal, words))})"


_TRIMMED = literal(BLANKS.replace("\0", ""))


_GUARDED = literal(TEXT_GUARD)


def _bare(text: str) -> str:
    """A text without blanks and text guards around it. DuckDB trims slowly, so only where there are any."""
    trimmed = f"trim({text}, {_TRIMMED})"
    inside = f"CASE WHEN starts_with({trimmed}, '=') THEN {trimmed}[3:-2] ELSE {trimmed}[2:] END"
    clean = f"CASE WHEN regexp_matches({trimmed}, {_GUARDED}, 's') THEN trim({inside}, {_TRIMMED}) ELSE {trimmed} END"
    return f"CASE WHEN regexp_matches({text}, {_UNCLEAN}) THEN {clean} ELSE {text} END"


_UNCLEAN = literal(f"{BLANK_AT_END}|^[=`']")


def _as_text(name: str, kind: str) -> str:
    """A source column as bare text; whole numbers without a point; nothing for empty text, NaN."""
    column = source_column(name)
    if kind in TEXTS:
        return f"nullif({_bare(column)}, '')"
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


_WIDE = "".join(map(chr, range(0xFF01, 0xFF5F)))
_NARROW = "".join(map(chr, range(0x21, 0x7F)))
_MINUS = "−﹣–"
"""Signs that are written for a minus."""


def _id(source: ColumnSource, text: str) -> str:
    """An id by the rule of kqml.ids, after what the mapping says of its spelling."""
    for change in source.normalise:
        text = _NORMALISED[change].format(text)
    escaped = f"regexp_replace({text}, '_x00([01][0-9A-Fa-f]|7[Ff])_', '', 'g')"
    text = f"CASE WHEN contains({text}, '_x00') THEN nullif(trim({escaped}, {_TRIMMED}), '') ELSE {text} END"
    return f"CASE WHEN lower({text}) NOT IN {_listed(sorted(NULL_WORDS))} THEN {text} END"


_NORMALISED = {
    "half_width": "translate({0}, "
    + literal(_WIDE)
    + ", "
    + literal(_NARROW).replace("{", "{{").replace("}", "}}")
    + ")",
    "upper": "upper({0})",
    "lower": "lower({0})",
    "no_leading_zeros": "regexp_replace({0}, '^0+([0-9]+)$', '\\1')",
    "salesforce_15": "regexp_replace({0}, '^([0-9a-zA-Z]{{15}})[A-Z0-5]{{3}}$', '\\1')",
    "whole_number": "regexp_replace({0}, '^([0-9]+)[.]0+$', '\\1')",
}


def _number(source: ColumnSource, name: str, kind: str, text: str) -> str:
    is_spelled = kind in TEXTS or bool(source.values or source.prefixes)
    number = _parsed_number(source, text) if is_spelled else _as_double(source_column(name))
    if kind == CELL and not (source.values or source.prefixes):
        number = f"coalesce({quoted(number_name(name))}, {number})"
    return _finite(number if source.factor is None else f"({number}) * {source.factor!r}")


def _rated(source: ColumnSource, number: str) -> str:
    """The number in the currency of the data; one whose currency has no rate cannot be read."""
    if source.currency is None:
        return number
    rates = " ".join(f"WHEN {literal(name)} THEN {rate!r}" for name, rate in source.rates.items())
    return f"({number}) * CASE coalesce({text_sql(source.currency)}, '') {rates} END"


def _as_double(expression: str) -> str:
    return f"TRY_CAST({expression} AS DOUBLE)"


def _parsed_number(source: ColumnSource, text: str) -> str:
    """The number that a text spells; the plain spelling, which is cheap, first where it cannot mean another."""
    spelled = _as_double(_plain_number(source, text))
    if source.units:
        cases = [
            f"WHEN contains({text}, {literal(unit)}) THEN {_as_double(_plain_number(source, text, unit))} * {factor!r}"
            for unit, factor in sorted(source.units.items(), key=lambda item: -len(item[0]))
        ]
        spelled = f"CASE {' '.join(cases)} ELSE {spelled} END"
    return f"coalesce({_as_double(text)}, {spelled})" if source.decimal == "." and source.thousands != "." else spelled


def _plain_number(source: ColumnSource, text: str, *units: str) -> str:
    """The text with signs of money, of thousands and `units` taken away, the minus in front, a point for decimals."""
    for mark in (*units, *source.strip):
        text = f"replace({text}, {literal(mark)}, '')"
    wide = literal(_WIDE + _MINUS)
    text = f"trim(translate({text}, {wide}, {literal(_NARROW + '-' * len(_MINUS))}), {_TRIMMED})"
    if source.negative == "brackets":
        text = f"regexp_replace({text}, '^[(](.*)[)]$', '-\\1')"
    if source.negative == "trailing":
        text = f"regexp_replace({text}, '^(.*[^ ]) ?-$', '-\\1')"
    text = f"regexp_replace({text}, '^([+-])[ \xa0]+', '\\1')"
    if source.thousands:
        text = _ungrouped(text, source.thousands)
    return f"replace({text}, ',', '.')" if source.decimal == "," else text


_SAME_SEPARATOR = {" ": SPACES, "'": "'’"}


def _ungrouped(text: str, separator: str) -> str:
    """The number without its separators; NULL where the last does not stand before three digits: 12,50 is not 1250.

    Groups before the last may have two digits, as in India: 1,50,000."""
    marks = _SAME_SEPARATOR.get(separator, separator)
    misplaced = literal(f"[{marks}]([0-9]?([^0-9]|$)|[0-9]{{2}}([^0-9{marks}]|$)|[0-9]{{4}})")
    return f"CASE WHEN NOT regexp_matches({text}, {misplaced}) THEN translate({text}, {literal(marks)}, '') END"


def _finite(number: str) -> str:
    return f"CASE WHEN isfinite({number}) THEN {number} END"


def _product(source: ColumnSource, types: Mapping[str, str]) -> ValueSql:
    names = source.product or ()
    numbers = [_number(source, name, types[name], text_sql(name)) for name in names]
    given = " AND ".join(f"{text_sql(name)} IS NOT NULL" for name in names)
    product = _rated(source, _finite(" * ".join(f"({number})" for number in numbers)))
    return ValueSql(product, f"concat_ws(' × ', {', '.join(map(text_sql, names))})", f"({given})")


def _json_object(names: tuple[str, ...]) -> ValueSql:
    pairs = ", ".join(f"{literal(name)}, {text_sql(name)}" for name in names)
    written = f"CAST(json_object({pairs}) AS VARCHAR)"
    return ValueSql(written, written, "true")


def _text_form(column: str, text: str) -> str:
    if column in JSON_COLUMNS:
        return f"CASE WHEN json_valid({text}) AND NOT {_lax_json(text)} THEN {text} END"
    if column == "birthday":
        return f"nullif(regexp_extract({text}, '^(\\d{{4}}-)?((0[1-9]|1[0-2])-(0[1-9]|[12]\\d|3[01]))$', 2), '')"
    if column in _FORMS:
        return f"CASE WHEN regexp_matches({text}, {literal(_FORMS[column])}) THEN {text} END"
    return text


_FORMS = {column: pattern for (_, column), pattern in PATTERNS.items()}

_OUTSIDE_JSON = r"(?i)nan|inf|,\s*[}\]]|[0-9]{309,}|e\+?(30[89]|3[1-9][0-9]|[4-9][0-9]{2}|[0-9]{4,})"
"""NaN, infinity, commas before an end, numbers beyond a double: DuckDB takes them, other readers of JSON fail."""


def _lax_json(text: str) -> str:
    """Whether JSON holds such outside its strings."""
    bare = f"regexp_replace({text}, {literal(_STRING)}, '', 'g')"
    return f"regexp_matches({bare}, {literal(_OUTSIDE_JSON)})"


_STRING = r'"([^"\\]|\\.)*"'


def _moment(kind: pa.DataType, source: ColumnSource, type_: str, called: str, raw: str, business_zone: str) -> ValueSql:
    """An instant, or its local day. Clock times without an offset are read in the source's time zone."""
    name, zone = str(source.column), literal(source.time_zone or business_zone)
    moment = quoted(moment_name(name))
    offset = None
    if type_ == "TIMESTAMP WITH TIME ZONE":
        instant = source_column(name)
    elif type_ in _CLOCKS:
        instant = f"timezone({zone}, CAST({source_column(name)} AS TIMESTAMP))"
    elif source.format:
        cell = [_iso(moment, zone)] if type_ == CELL else []
        instant = f"coalesce({', '.join([*cell, *(_formatted(called, form, zone) for form in source.format)])})"
    else:
        written = f"coalesce({moment}, {called})" if type_ == CELL else called
        offset = f"coalesce(regexp_extract({written}, {literal(_OFFSET_OF)}, 1), '')"
        instant = _iso(written, zone)
    given = f"{called} IS NOT NULL"
    if kind == INSTANT:
        return ValueSql(instant, raw, given, offset)
    return ValueSql(f"CAST(timezone({zone}, {instant}) AS DATE)", raw, given)


_SERIALS = {"excel": "1899-12-30", "excel1904": "1904-01-01"}
"""The day 0 of Excel's two calendars."""

_EPOCHS = {"epoch": 1_000_000, "epoch_ms": 1_000, "epoch_us": 1}
"""Microseconds of the unit in which time since 1970 is counted."""

NUMBER_FORMATS = (*_SERIALS, *_EPOCHS)
"""Names for `format` where moments are written as numbers."""

_LAST_SERIAL, _LAST_SECOND = 2_958_465, 253_402_300_800
"""The end of the year 9999."""


def _formatted(text: str, form: str, zone: str) -> str:
    """The instant that a text gives in a format, NULL where it is not of it."""
    number = _as_double(text)
    if form in _SERIALS:
        clock = f"TIMESTAMP '{_SERIALS[form]}' + to_seconds(CAST(round({number} * 86400) AS BIGINT))"
        return f"CASE WHEN {number} BETWEEN 1 AND {_LAST_SERIAL} THEN timezone({zone}, {clock}) END"
    if form in _EPOCHS:
        unit = _EPOCHS[form]
        last = _LAST_SECOND * 1_000_000 // unit
        micros = f"CAST(round({number} * {unit}) AS BIGINT)"
        return f"CASE WHEN {number} BETWEEN -{last} AND {last} THEN make_timestamptz({micros}) END"
    clock = _clock(text, form)
    return clock if "%z" in form else f"timezone({zone}, {clock})"


def _clock(text: str, form: str) -> str:
    """The clock time that a text gives in a `strptime` format; 24:00 is the next day's midnight, 下午 is PM."""
    if "%p" in form:
        text = f"replace(replace({text}, '上午', ' AM '), '下午', ' PM ')"
        text = f"trim(regexp_replace({text}, ' +', ' ', 'g'))"
    clock = f"try_strptime({text}, {literal(form)})"
    if "%H:%M" not in form:
        return clock
    midnight = f"regexp_replace({text}, '(^|[^0-9])24:00', '\\100:00')"
    next_day = f"try_strptime({midnight}, {literal(form)}) + INTERVAL 1 DAY"
    return f"CASE WHEN contains({text}, '24:00') AND {midnight} <> {text} THEN {next_day} ELSE {clock} END"


def _iso(text: str, zone: str) -> str:
    has_offset = f"regexp_matches({text}, {literal(_OFFSET_OF)})"
    clock = f"timezone({zone}, TRY_CAST({text} AS TIMESTAMP))"
    read = f"CASE WHEN {has_offset} THEN TRY_CAST({text} AS TIMESTAMPTZ) ELSE {clock} END"
    return f"CASE WHEN regexp_full_match({text}, {literal(ISO)}) THEN {read} END"
