"""The charts that a command wrote, as its answer names them."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kqml.messages import text
from serve.cli.output import warn

if TYPE_CHECKING:
    from models.churn.charts.drawing import Lettering


def chart_files(files: Sequence[Path], lettering: "Lettering", language: str) -> dict[str, Any]:
    """Return the charts of an answer. Where no font has the language's signs, standard error says how to get one."""
    if lettering.fallback:
        warn(text("commands.charts.no_font", language))
    return {"files": [str(path) for path in files], "language": lettering.language, "fallback": lettering.fallback}
