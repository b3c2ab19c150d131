"""Effects observed in a history, on a terminal."""

from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.table import Table

from kqml.messages import catalogue, text
from kqml.messages.quantities import fixed


def print_observed_effects(console: Console, result: Mapping[str, Any], language: str) -> None:
    """Write the JSON of `evaluate history` for a person."""
    counts = {"rows": f"{result['rows']:,}", "weeks": result["weeks"], "days": result["horizon_days"]}
    console.print(_words(language, "title", **counts), style="bold", markup=False)
    names = catalogue("plan", language)["actions"]
    table = Table(*(_words(language, name) for name in ("action", "rows", "supported", "effect")))
    for one in result["actions"]:
        told = _between(one["effect"]) if one["effect"] else _words(language, "thin")
        shown = names.get(one["action"], one["action"])
        table.add_row(shown, f"{one['rows']:,}", f"{one['supported_share']:.0%}", told)
    console.print(table)
    if result["left_out"]:
        left_out = ", ".join(names.get(name, name) for name in result["left_out"])
        console.print(_words(language, "left_out", actions=left_out), markup=False)
    console.print(_words(language, "observational"), style="yellow", markup=False)


def _between(effect: Mapping[str, float]) -> str:
    return "{} ({} – {})".format(*(fixed(effect[name], ".4g") for name in ("value", "low", "high")))


def _words(language: str, key: str, **values: object) -> str:
    return text(f"offpolicy.history.{key}", language, **values)
