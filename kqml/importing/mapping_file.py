"""Reading a mapping file: every fault in it at once, each with its key path and line."""

import difflib
import tomllib
from collections.abc import Callable, Iterable, Iterator
from importlib import resources
from pathlib import Path

from pydantic import ValidationError

from kqml.dataset.tables import ACCOUNTS, CHOICES, DATE, INSTANT, NUMBER, SCHEMAS
from kqml.errors import BadUse, Fault
from kqml.importing.mapping import ColumnSource, ImportMapping, TableMapping
from kqml.importing.problems import MAPPED_REQUIRED
from kqml.toml_lines import KeyPath, key_lines, line_of

Problem = tuple[KeyPath, str, str]
"""Key path, what is wrong, what to do."""

_GUIDE = "see docs/importing.md"


def shipped_mappings() -> tuple[str, ...]:
    """The names of the mappings that come with the program."""
    folder = resources.files("kqml") / "mappings"
    return tuple(sorted(item.name.removesuffix(".toml") for item in folder.iterdir() if item.name.endswith(".toml")))


def read_mapping(name: str) -> ImportMapping:
    """The mapping in a file, or the shipped one of that name. Raises BadUse with every fault."""
    path = Path(name)
    if path.suffix == ".toml" or path.is_file():
        try:
            return parse_mapping(path.read_text(encoding="utf-8"), name)
        except (OSError, UnicodeDecodeError) as error:
            raise BadUse(f"The mapping {name} cannot be read: {error}.") from error
    if name not in shipped_mappings():
        message = f"There is no mapping {name!r}: neither a file nor one of {', '.join(shipped_mappings())}."
        raise BadUse(message)
    return parse_mapping((resources.files("kqml") / "mappings" / f"{name}.toml").read_text(encoding="utf-8"), name)


def parse_mapping(text: str, name: str) -> ImportMapping:
    """The mapping that a TOML text says; `name` is how faults call it."""
    try:
        given = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise BadUse(f"The mapping {name} is not valid TOML: {error}.") from error
    problems: list[Problem] = []
    mapping = None
    try:
        mapping = ImportMapping.model_validate(given)
        problems = list(_meaning_problems(mapping))
    except ValidationError as error:
        problems = [_shape_problem(item["loc"], item["type"], item["msg"], item["input"]) for item in error.errors()]
    if problems or mapping is None:
        raise BadUse(f"The mapping {name} cannot be used.", _located(problems, key_lines(text), name))
    return mapping


def _shape_problem(loc: KeyPath, kind: str, message: str, value: object) -> Problem:
    path = tuple(part for part in loc if part != "[key]")
    if kind == "extra_forbidden":
        return path, "is not a key of a mapping", f"correct or delete it; {_GUIDE}"
    if kind == "missing":
        return path, "is absent", f"add it; {_GUIDE}"
    got = "" if isinstance(value, dict) else f" (got {value!r})"
    return path, message.removeprefix("Value error, ") + got, f"correct it; {_GUIDE}"


def _located(problems: Iterable[Problem], lines: dict[KeyPath, int], name: str) -> list[Fault]:
    result = sorted((line_of(lines, path) or 1, _dotted(path), what, todo) for path, what, todo in problems)
    return [Fault(f"{name} line {line}, {dotted or 'the file'}", what, todo) for line, dotted, what, todo in result]


def _dotted(path: KeyPath) -> str:
    """`events[2].columns.kind`: indices into arrays counted from 1, as people do."""
    return "".join(f"[{part + 1}]" if isinstance(part, int) else f".{part}" for part in path).removeprefix(".")


def _meaning_problems(mapping: ImportMapping) -> Iterator[Problem]:
    if not mapping.events:
        yield ("events",), "is empty", f"say where events come from; {_GUIDE}"
    for column in mapping.columns:
        if column not in ACCOUNTS.names or column == "account_id":
            todo = f"use one of {', '.join(ACCOUNTS.names[1:])}"
            yield ("columns", column), "is not a column of accounts", todo
    for table, index, part in mapping.parts():
        for path, what, todo in _part_problems(table, part):
            yield (table, index, *path), what, todo


def _part_problems(table: str, part: TableMapping) -> Iterator[Problem]:
    names = SCHEMAS[table].names
    for column in MAPPED_REQUIRED[table]:
        if column not in part.columns:
            yield ("columns",), f"{column} is not mapped", "every row needs it: name a column or a constant"
    for column, source in part.columns.items():
        if column not in names:
            close = difflib.get_close_matches(column, names, 1)
            todo = f"did you mean {close[0]}?" if close else f"use one of {', '.join(names)}"
            yield ("columns", column), f"is not a column of {table}", todo
            continue
        for what, todo in _source_problems(table, column, source):
            yield ("columns", column), what, todo
    if part.aggregate and table != "events":
        yield ("aggregate",), "only events can be aggregated", "delete it"
    if part.aggregate and "event_id" in part.columns:
        yield ("columns", "event_id"), "rows that are summed lose their ids", "delete it, or the aggregation"
    if part.aggregate and part.aggregate.lines and "lines" in part.columns:
        yield ("aggregate", "lines"), "lines is mapped as a column too", "keep one of the two"


def _source_problems(table: str, column: str, source: ColumnSource) -> Iterator[tuple[str, str]]:
    kind = SCHEMAS[table].field(column).type
    choices = CHOICES.get((table, column))
    if choices:
        named = [*source.values.values(), *source.prefixes.values(), source.otherwise, source.empty, source.constant]
        for value in (value for value in named if value is not None and value not in choices):
            yield f"{value!r} is not a {column}", f"use one of {', '.join(choices)}"
    for key, allowed, needs in _RULES:
        if getattr(source, key) not in (None, "", ".", "same") and not allowed(column, kind):
            yield f"{key} has no meaning for {column}", f"{key} is for {needs}"
    if kind == NUMBER and source.constant is not None and isinstance(source.constant, str):
        yield f"the constant {source.constant!r} is not a number", "write the number without quotes"
    if kind in (INSTANT, DATE) and source.constant is not None:
        yield f"{column} cannot be a constant", "name the column that holds it"


_RULES: tuple[tuple[str, Callable[[str, object], bool], str], ...] = (
    ("format", lambda column, kind: kind in (INSTANT, DATE), "instants and dates"),
    ("time_zone", lambda column, kind: kind == INSTANT, "instants"),
    ("offsets", lambda column, kind: kind == INSTANT, "instants"),
    ("product", lambda column, kind: kind == NUMBER, "numbers"),
    ("decimal", lambda column, kind: kind == NUMBER, "numbers"),
    ("thousands", lambda column, kind: kind == NUMBER, "numbers"),
    ("factor", lambda column, kind: kind == NUMBER, "numbers"),
    ("columns", lambda column, kind: column == "attributes", "attributes"),
)
