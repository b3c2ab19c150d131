"""A policy's evaluation on a terminal."""

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table

from kqml.messages import catalogue, text
from kqml.messages.quantities import fixed


def print_policy(console: Console, result: Mapping[str, Any], language: str) -> None:
    """Writes the JSON of `evaluate policy` for a person."""
    kappa = ", ".join(result["kappa"]) or "?"
    details = {name: result[name] for name in ("target", "against")}
    title = _words(language, "title", **details, rows=f"{result['rows']:,}", kappa=kappa, days=result["horizon_days"])
    console.print(title, style="bold", markup=False)
    console.print(result["reason"], markup=False)
    if result["values"]:
        console.print(_estimates(result, language))
    for name, key in (("target", "support"), ("against", "against_support")):
        console.print(_support(result[name], result[key], language), markup=False)
    if result["uncovered_rows"]:
        console.print(_words(language, "uncovered", rows=f"{result['uncovered_rows']:,}"), markup=False)
    if result["holdout"]:
        _print_holdout(console, result["holdout"], language)
    if result["actions"]:
        console.print(_actions(result["actions"], language))
    for warning in result["log_check"]["warnings"]:
        console.print(_words(language, "warning", **warning), style="yellow", markup=False)


def _estimates(result: Mapping[str, Any], language: str) -> Table:
    names = [_words(language, "value", name=result[key]) for key in ("target", "against")]
    table = Table(_words(language, "estimator"), *names, _words(language, "difference"))
    columns = [result["values"], result["against_values"] or {}, result["difference"] or {}]
    for name in {name: None for column in columns for name in column}:
        table.add_row(_words(language, name), *(_between(column.get(name)) for column in columns))
    return table


def _actions(actions: Sequence[Mapping[str, Any]], language: str) -> Table:
    table = Table(*(_words(language, name) for name in ("action", "assigned", "uptake", "complier")))
    for one in actions:
        name = catalogue("plan", language)["actions"].get(one["action"], one["action"])
        table.add_row(name, *(_between(one[part]) for part in ("assigned", "uptake", "complier")))
    return table


def _support(name: str, support: Mapping[str, float], language: str) -> str:
    numbers = {
        "effective": f"{support['effective_rows']:,.0f}",
        "mean": f"{support['mean_weight']:.3f}",
        "largest": f"{support['largest_weight']:.1f}",
    }
    return _words(language, "support", name=name, **numbers)


def _print_holdout(console: Console, result: Mapping[str, Any], language: str) -> None:
    details = {"effect": _between(result["effect"]), "minutes": _between(result["minutes"])}
    everybody = f"{result['held_out'] + result['accounts']:,}"
    console.print(_words(language, "holdout", **details, held=f"{result['held_out']:,}", all=everybody), markup=False)
    if not result["equal_hours"]:
        console.print(_words(language, "unequal"), style="yellow", markup=False)


def _between(value: Mapping[str, float] | None) -> str:
    return "{} ({} – {})".format(*(fixed(value[name], ".5g") for name in ("value", "low", "high"))) if value else ""


def _words(language: str, key: str, **values: object) -> str:
    return text(f"offpolicy.table.{key}", language, **values)
