"""How a command answers: one strict JSON object, or text for people; progress and faults on standard error."""

import math
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NoReturn

import orjson
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
)

from kqml.errors import KqmlError

Advance = Callable[[int], None]

PIPED_COLUMNS = 160


def emit(result: Mapping[str, Any], as_json: bool, render: Callable[[Console], None]) -> None:
    """Prints `result` as one JSON object, or lets `render` write it for a person, square brackets as they are."""
    if as_json:
        sys.stdout.write(to_json(result) + "\n")
    else:
        render(Console(width=_width(), markup=False))


def warn(sentence: str) -> None:
    """Writes a sentence to standard error, beside the answer."""
    sys.stderr.write(sentence + "\n")


def _width() -> int | None:
    """A terminal knows its width; files and pipes get room for whole tables."""
    return None if sys.stdout.isatty() or "COLUMNS" in os.environ else PIPED_COLUMNS


def to_json(result: Mapping[str, Any]) -> str:
    """Strict JSON: NaN and infinities become null, NumPy numbers become numbers."""
    return orjson.dumps(_finite(result), option=orjson.OPT_SERIALIZE_NUMPY).decode()


def _finite(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    if hasattr(value, "tolist"):
        return _finite(value.tolist())
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


@contextmanager
def progress(title: str, total: int | None) -> Iterator[Advance]:
    """A bar on standard error while the block runs; the block calls the given function with each advance."""
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
    """Says what went wrong on standard error (and as JSON on standard output where asked), exits with its code."""
    Console(stderr=True, highlight=False, markup=False, soft_wrap=True).print(str(error))
    if as_json:
        faults = [{"where": fault.where, "what": fault.what, "todo": fault.todo} for fault in error.faults]
        sys.stdout.write(to_json({"error": error.message, "faults": faults}) + "\n")
    raise SystemExit(error.exit_code)
