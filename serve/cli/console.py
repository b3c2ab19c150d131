"""The standard streams of the process: characters that a console cannot show, pipes that were closed."""

import codecs
import json
import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import TextIO

from rich.console import Console


def prepare_streams() -> None:
    """Let every stream take every character: one that its encoding lacks is written as JSON writes it (`\\u5ba2`).

    A stream that the caller closed is replaced by one that goes nowhere.
    """
    codecs.register_error("kqml.escape", _escape)
    sys.stdout, sys.stderr = _prepared(sys.stdout), _prepared(sys.stderr)


def discard_output() -> None:
    """Send the rest of standard output nowhere: its reader, such as `head`, has left."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


class PipeConsole(Console):
    """A console whose reader may leave; Rich would end the process with exit code 1."""

    def on_broken_pipe(self) -> None:
        self.quiet = True
        discard_output()


def _prepared(stream: TextIO | None) -> TextIO:
    if stream is None:
        return Path(os.devnull).open("w", encoding="utf-8")
    if hasattr(stream, "reconfigure"):
        stream.reconfigure(errors="kqml.escape")
    return stream


def _escape(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return json.dumps(error.object[error.start : error.end])[1:-1], error.end
