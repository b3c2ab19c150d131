"""`kqml models`: every version of the model, its aliases, who moved them."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from kqml.cli.output import emit
from kqml.cli.registry import store_of, told
from kqml.settings import read_settings

if TYPE_CHECKING:
    from rich.console import Console

    from models.registry.aliases import Move
    from models.registry.versions import Version

SHOWN = {
    "test.auc": "AUC",
    "test.average_precision": "AP",
    "test.expected_over_observed": "E/O",
    "test.slope": "slope",
}
"""Metrics of the table for people with their short names; --json has all of them."""


def run(as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False) -> None:
    """Lists the versions of the model, newest first, with grade and aliases, then every move of an alias.

    Example: kqml models
    """
    from models.registry.aliases import list_moves
    from models.registry.versions import list_versions

    store = store_of(read_settings())
    versions, moves = list_versions(store), list_moves(store)
    result: dict[str, Any] = {
        "registry": store.shown,
        "versions": [{**asdict(version), "aliases": list(version.aliases)} for version in versions],
        "moves": [asdict(move) for move in moves],
    }
    emit(result, as_json, lambda console: _print(console, versions, moves))


def _print(console: "Console", versions: "list[Version]", moves: "list[Move]") -> None:
    from rich.table import Table

    if not versions:
        console.print("No version yet: `kqml train DIR` registers one.")
        return
    table = Table("version", "grade", "aliases", "registered", *SHOWN.values())
    for version in versions:
        numbers = [_shown(version.metrics.get(name)) for name in SHOWN]
        aliases = ", ".join(version.aliases)
        day = version.registered_at[:10]
        table.add_row(str(version.number), version.grade, aliases, day, *numbers)
    console.print(table)
    for move in moves:
        console.print(told(move))


def _shown(number: float | None) -> str:
    return "" if number is None else f"{number:.3f}"
