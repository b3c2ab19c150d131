"""A move of an alias of the model."""

from collections.abc import Mapping
from typing import Any

from serve.cli.layout import Line, Words


def show_move(move: Mapping[str, Any], language: str) -> Line:
    """Show a move in one line."""
    words = Words("commands.move", language)
    if move["action"] == "publish":
        return words.line("again", **move)
    key = f"{'first' if move['before'] is None else 'next'}{'_why' if move['why'] else ''}"
    return words.line(key, **{**move, "action": words(move["action"])})
