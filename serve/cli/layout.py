"""The text output of a command: lines and tables as values, which `serve.cli.output` prints."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from kqml.messages import text
from kqml.messages.quantities import Unit, fixed, number, percent, quantity

MISSING = "–"
"""Stands in a cell for a value that does not exist."""


@dataclass(frozen=True)
class Line:
    """A sentence, printed as it is; a terminal wraps it. `label`: its first word, in a style of its own."""

    text: str
    style: str = ""
    label: str = ""
    label_style: str = ""


@dataclass(frozen=True)
class Column:
    """A column: its heading, the text of its cell for a row, where it is aligned, the style of a cell."""

    head: str
    cell: Callable[[Any], str]
    right: bool = False
    style: Callable[[Any], str] | None = None


@dataclass(frozen=True)
class Table:
    """Rows under columns. `boxed`: with lines around the cells; `row_style`: the style of a whole row."""

    columns: Sequence[Column]
    rows: Iterable[Any]
    title: str = ""
    boxed: bool = True
    row_style: Callable[[Any], str] | None = None


Block = Line | Table
"""A piece of what a command shows, one below the other."""


@dataclass(frozen=True)
class Words:
    """The sentences of a part of the catalogue in one language, with numbers as that language writes them."""

    topic: str
    language: str
    currency: str = "CNY"

    def __call__(self, key: str, /, **values: object) -> str:
        """Return the sentence `key` of the topic with its values filled in."""
        return text(f"{self.topic}.{key}", self.language, **values)

    def line(self, key: str, /, style: str = "", **values: object) -> Line:
        """Return the sentence as a line."""
        return Line(self(key, **values), style)

    def column(self, key: str, cell: Callable[[Any], str] | None = None, right: bool = False) -> Column:
        """Return the column with the heading `key`; without `cell` it shows the field of that name."""
        return Column(self(key), cell or field(key.rpartition(".")[2]), right)

    def number(self, value: float | None) -> str:
        """Return a bare number."""
        return MISSING if value is None else number(value, self.language)

    def share(self, value: float | None) -> str:
        """Return a share as a percentage."""
        return MISSING if value is None else percent(value, self.language)

    def money(self, value: float | None) -> str:
        """Return an amount in the currency."""
        return MISSING if value is None else quantity(Unit.MONEY, value, self.language, self.currency)


def field(name: str) -> Callable[[Any], str]:
    """Return the function that shows a field of a row."""
    return lambda row: plain(row[name])


def plain(value: Any) -> str:
    """Return a value as text: nothing where there is none, lists with commas."""
    if value is None:
        return ""
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


def decimal(value: float | None, digits: int) -> str:
    """Return a number with a fixed count of decimals; a dash where there is none."""
    return MISSING if value is None or value != value else fixed(value, f".{digits}f")


def records_table(records: Sequence[Any], words: Words) -> Iterable[Block]:
    """Return all fields of some records as a table with the topic's headings; its sentence `none` without records."""
    if not records:
        return [words.line("none")]
    return [Table([words.column(name) for name in records[0]], records)]
