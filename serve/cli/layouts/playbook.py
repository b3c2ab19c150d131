"""A playbook on a terminal: one table for each of its sections."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from kqml.events import KIND_OF_CODE
from kqml.messages import catalogue, text
from kqml.playbook import Playbook
from kqml.playbook.reading import content_of
from serve.cli.layout import Block, Column, Line, Table

_EVERYWHERE = ("name",)


def show_playbook(playbook: Playbook, language: str) -> Iterator[Block]:
    """Show every key of the playbook by section."""
    yield Line(text("playbook.title", language, version=playbook.version), "bold")
    for section, value in content_of(playbook).items():
        if section not in _EVERYWHERE:
            yield from _section(section, value, language)


def _section(section: str, value: Any, language: str) -> Iterator[Block]:
    """Its words, then plain keys together, tables and arrays within it each in a table of their own."""
    title = text(f"playbook.sections.{section}", language)
    if not isinstance(value, dict | list) or not _is_table(value):
        yield Line(f"\n{title}: {_value_text(value, language) or text('playbook.nothing', language)}")
        return
    parts = {"": value} if isinstance(value, list) or not any(map(_is_rows, value.values())) else value
    for key, part in parts.items():
        yield Line(f"\n{title} {_word(key, language)}".rstrip(), "bold")
        yield _rows(part, language) if isinstance(part, list) else _keyed(part, language)


def _is_table(value: dict[str, Any] | list[Any]) -> bool:
    return _is_rows(value) if isinstance(value, list) else bool(value)


def _is_rows(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and isinstance(value[0], dict)


def _rows(rows: list[dict[str, Any]], language: str) -> Table:
    """A row for each entry; names that are shown as text elsewhere in the row stay as they are."""
    keys = list(dict.fromkeys(key for row in rows for key in row))

    def cells(row: dict[str, Any]) -> list[str]:
        plain = {"name": row["name"]} if "title" in row else {}
        return [plain.get(key) or _value_text(row.get(key), language) for key in keys]

    return _table([_word(key, language) for key in keys], map(cells, rows))


def _keyed(value: dict[str, Any], language: str) -> Table:
    """A row for each key; where the values are tables of the same keys, those are the columns."""
    inner = [item for item in value.values() if isinstance(item, dict)]
    columns = inner[0] if inner and all(item.keys() == inner[0].keys() for item in inner) else {}

    def cells(key: str, item: Any) -> list[str]:
        values = list(item.values()) if columns and isinstance(item, dict) else [item]
        return [_word(key, language), *(_value_text(cell, language) for cell in values)]

    heads = ["", *(_word(key, language) for key in columns)] if columns else ["", ""]
    return _table(heads, (cells(key, item) for key, item in value.items()))


def _table(heads: list[str], rows: Iterable[list[str]]) -> Table:
    return Table([Column(head, _at(index)) for index, head in enumerate(heads)], rows, boxed=False)


def _at(index: int) -> Callable[[list[str]], str]:
    return lambda cells: cells[index] if index < len(cells) else ""


def _value_text(value: Any, language: str) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return text(f"playbook.{'yes' if value else 'no'}", language)
    if isinstance(value, dict):
        return value[language] if language in value else _inner(value, language)
    if isinstance(value, list):
        return ", ".join(_value_text(item, language) for item in value)
    return f"{value:g}" if isinstance(value, int | float) else _word(value, language)


def _inner(value: dict[str, Any], language: str) -> str:
    return ", ".join(f"{_word(key, language)} {_value_text(item, language)}" for key, item in value.items())


def _word(key: str, language: str) -> str:
    """The catalogue's text of a key or value; the company's own names stay as they are."""
    if key in KIND_OF_CODE:
        return KIND_OF_CODE[key].named(language)
    words = catalogue("playbook", language)
    for part in ("keys", "festivals"):
        if key in words[part]:
            return str(words[part][key])
    codes = catalogue("codes", language)
    return str(codes[key]) if isinstance(codes.get(key), str) else key
