"""Output of commands: one JSON object or text on standard output; progress and errors on standard error."""

import os
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, NoReturn

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
)
from rich.table import Table as RichTable
from rich.text import Text
from typing_extensions import TypedDict

from kqml.errors import Fault, KqmlError
from serve.cli.console import PipeConsole, discard_output
from serve.cli.layout import Block, Line, Table
from serve.usecases.plain_values import to_json

Advance = Callable[[int], None]


class ErrorAnswer(TypedDict):
    """What `--json` prints where a command fails."""

    error: str
    faults: list[Fault]


PIPED_COLUMNS = 160


def print_answer(result: Any, blocks: Iterable[Block], as_json: bool) -> None:
    """Print the result as one JSON object, or the blocks for a person, square brackets as they are.

    A reader that has left, such as `head`, changes no exit code."""
    try:
        if as_json:
            sys.stdout.write(to_json(result) + "\n")
        else:
            print_blocks(blocks, PipeConsole(width=_width(), markup=False, highlight=False))
        sys.stdout.flush()
    except BrokenPipeError:
        discard_output()


def print_blocks(blocks: Iterable[Block], console: Console) -> None:
    """Print lines and tables one below the other."""
    for block in blocks:
        if isinstance(block, Line):
            label = Text(f"{block.label} " if block.label else "", style=block.label_style)
            console.print(Text.assemble(label, (block.text, block.style)), soft_wrap=True)
        else:
            console.print(_rich_table(block))


def _rich_table(table: Table) -> RichTable:
    look: dict[str, Any] = {} if table.boxed else {"box": None, "header_style": "dim"}
    heads = any(column.head for column in table.columns)
    shown = RichTable(title=table.title or None, title_justify="left", show_header=heads, **look)
    for column in table.columns:
        shown.add_column(column.head, justify="right" if column.right else "left", overflow="fold")
    for row in table.rows:
        cells = (Text(column.cell(row), column.style(row) if column.style else "") for column in table.columns)
        shown.add_row(*cells, style=table.row_style(row) if table.row_style else None)
    return shown


def warn(sentence: str) -> None:
    """Write a sentence to standard error."""
    sys.stderr.write(sentence + "\n")


def _width() -> int | None:
    """The width of a terminal; files and pipes get room for whole tables."""
    return None if sys.stdout.isatty() or "COLUMNS" in os.environ else PIPED_COLUMNS


@contextmanager
def progress(title: str, total: int | None) -> Iterator[Advance]:
    """Show a progress bar on standard error while the block runs; it calls the given function with each advance."""
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(title, total=total)
        yield lambda done: bar.advance(task, done)


def fail(error: KqmlError, as_json: bool) -> NoReturn:
    """Print the error on standard error, and as JSON on standard output with `--json`; exit with its code."""
    Console(stderr=True, highlight=False, markup=False, soft_wrap=True).print(str(error))
    if as_json:
        print_error(error.message, list(error.faults))
    raise SystemExit(error.exit_code)


def print_error(message: str, faults: list[Fault]) -> None:
    """Print an error as one JSON object."""
    sys.stdout.write(to_json(ErrorAnswer(error=message, faults=faults)) + "\n")
