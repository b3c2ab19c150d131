"""The evaluation of a policy."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from kqml.messages import catalogue
from serve.cli.layout import Block, Column, Line, Table, Words
from serve.cli.layouts.intervals import interval

Row = Mapping[str, Any]
DIGITS = 5


def show_policy(result: Row, language: str) -> Iterator[Block]:
    """Show the JSON of `evaluate policy`."""
    words = Words("offpolicy.table", language)
    kappa, names = ", ".join(result["kappa"]) or "?", {name: result[name] for name in ("target", "against")}
    yield words.line("title", "bold", **names, rows=f"{result['rows']:,}", kappa=kappa, days=result["horizon_days"])
    yield Line(result["reason"])
    if result["values"]:
        yield _estimates(result, words)
    for name, key in (("target", "support"), ("against", "against_support")):
        yield _support(result[name], result[key], words)
    if result["uncovered_rows"]:
        yield words.line("uncovered", rows=f"{result['uncovered_rows']:,}")
    if result["holdout"]:
        yield from _holdout(result["holdout"], words)
    if result["actions"]:
        yield _actions(result["actions"], words)
    for warning in result["log_check"]["warnings"]:
        yield words.line("warning", "yellow", **warning)


def _estimates(result: Row, words: Words) -> Table:
    values = [result["values"], result["against_values"] or {}, result["difference"] or {}]
    heads = [*(words("value", name=result[key]) for key in ("target", "against")), words("difference")]
    columns = [Column(head, _cell(column)) for head, column in zip(heads, values, strict=True)]
    names = {name: None for column in values for name in column}
    return Table([words.column("estimator", words), *columns], names)


def _cell(column: Row) -> Callable[[str], str]:
    return lambda name: interval(column.get(name), DIGITS)


def _actions(actions: Sequence[Row], words: Words) -> Table:
    def effect(name: str) -> Column:
        return words.column(name, lambda action: interval(action[name], DIGITS))

    named = words.column("action", lambda action: action_name(action["action"], words.language))
    return Table([named, *map(effect, ("assigned", "uptake", "complier"))], actions)


def action_name(action: str, language: str) -> str:
    """Return the catalogue's name of an action; a company's own action as it is."""
    return str(catalogue("plan", language)["actions"].get(action, action))


def show_observed_effects(result: Row, language: str) -> Iterator[Block]:
    """Show the JSON of `evaluate history`."""
    words = Words("offpolicy.history", language)
    counts = {"rows": f"{result['rows']:,}", "weeks": result["weeks"], "days": result["horizon_days"]}
    yield words.line("title", "bold", **counts)
    columns = (
        words.column("action", lambda action: action_name(action["action"], language)),
        words.column("rows", lambda action: f"{action['rows']:,}"),
        words.column("supported", lambda action: f"{action['supported_share']:.0%}"),
        words.column("effect", lambda action: interval(action["effect"]) or words("thin")),
    )
    yield Table(columns, result["actions"])
    if result["left_out"]:
        yield words.line("left_out", actions=", ".join(action_name(name, language) for name in result["left_out"]))
    yield words.line("observational", "yellow")


def _support(name: str, support: Mapping[str, float], words: Words) -> Line:
    numbers = {
        "effective": f"{support['effective_rows']:,.0f}",
        "mean": f"{support['mean_weight']:.3f}",
        "largest": f"{support['largest_weight']:.1f}",
    }
    return words.line("support", name=name, **numbers)


def _holdout(holdout: Row, words: Words) -> Iterator[Line]:
    values = {name: interval(holdout[name], DIGITS) for name in ("effect", "minutes")}
    everybody = f"{holdout['held_out'] + holdout['accounts']:,}"
    yield words.line("holdout", **values, held=f"{holdout['held_out']:,}", all=everybody)
    if not holdout["equal_hours"]:
        yield words.line("unequal", "yellow")
