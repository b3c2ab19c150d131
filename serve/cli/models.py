"""`kqml models`: every version of the model, its aliases, who moved them."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from kqml.messages import text
from kqml.messages.quantities import fixed
from kqml.settings import read_settings
from serve.cli.output import emit
from serve.cli.registry import print_move, registry_client

if TYPE_CHECKING:
    from rich.console import Console

    from models.registry.aliases import AliasMove
    from models.registry.versions import Version

SHOWN = ("auc", "average_precision", "expected_over_observed", "slope")
"""Metrics of the test block in the table for people; --json has all of them."""


def run(as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False) -> None:
    """Lists the versions of the model, newest first, with grade and aliases, then every move of an alias.

    Example: kqml models
    """
    from models.registry.aliases import list_moves
    from models.registry.versions import list_versions

    settings = read_settings()
    registry = registry_client(settings)
    versions, moves = list_versions(registry), list_moves(registry)
    result: dict[str, Any] = {
        "registry": registry.shown,
        "versions": [{**asdict(version), "aliases": list(version.aliases)} for version in versions],
        "moves": [asdict(move) for move in moves],
    }
    emit(result, as_json, lambda console: _print(console, versions, moves, settings.language))


def _print(console: "Console", versions: "list[Version]", moves: "list[AliasMove]", language: str) -> None:
    from rich.table import Table

    if not versions:
        console.print(text("commands.models.none", language), markup=False)
        return
    heads = ("version", "grade", "aliases", "registered", *SHOWN)
    table = Table(*(text(f"commands.models.{head}", language) for head in heads))
    for version in versions:
        numbers = [_shown(version.metrics.get(f"test.{name}")) for name in SHOWN]
        aliases = ", ".join(version.aliases)
        day = version.registered_at[:10]
        table.add_row(str(version.number), version.grade, aliases, day, *numbers)
    console.print(table)
    for move in moves:
        print_move(console, move, language)


def _shown(number: float | None) -> str:
    return "" if number is None else fixed(number, ".3f")
