"""`kqml models`: list every version of the model and the moves of its aliases."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from serve.cli.command import Answer, CommandContext
from serve.cli.layout import Block, Column, Table, Words, decimal
from serve.cli.layouts.alias_moves import show_move

if TYPE_CHECKING:
    from serve.usecases.list_models import ModelList

SHOWN = ("auc", "average_precision", "expected_over_observed", "slope")
"""Metrics of the test block in the table for people; --json has all of them."""


def run(context: CommandContext) -> Answer["ModelList"]:
    """List all model versions, newest first, with grade and aliases, and all changes of aliases.

    Example: kqml models
    """
    from serve.usecases.list_models import list_models
    from serve.usecases.plain_values import plain_value

    result = list_models(context.settings)
    return Answer(result, _blocks(plain_value(result), context.language))


def _blocks(result: Mapping[str, Any], language: str) -> Iterator[Block]:
    words = Words("commands.models", language)
    if not result["versions"]:
        yield words.line("none")
        return
    columns = (
        words.column("version", lambda version: str(version["number"])),
        words.column("grade"),
        words.column("aliases"),
        words.column("registered", lambda version: version["registered_at"][: len("2024-01-31")]),
        *(_metric(name, words) for name in SHOWN),
    )
    yield Table(columns, result["versions"])
    for version in result["versions"]:
        if version["metrics"] is None:
            yield words.line("lost_run", version=version["number"], run=version["run_id"])
    for move in result["moves"]:
        yield show_move(move, language)


def _metric(name: str, words: Words) -> Column:
    def shown(version: Mapping[str, Any]) -> str:
        number = (version["metrics"] or {}).get(f"test.{name}")
        return "" if number is None else decimal(number, 3)

    return words.column(name, shown)
