"""The report of effects."""

from collections.abc import Iterator, Mapping
from typing import Any

from kqml.messages.quantities import fixed
from serve.cli.layout import Block, Table, Words
from serve.cli.layouts.policy import action_name

Row = Mapping[str, Any]


def show_effects(result: Row, language: str) -> Iterator[Block]:
    """Show the JSON of `report effects`."""
    words = Words("effects", language, result["currency"])
    yield words.line("title", "bold", rows=result["rows"], weeks=result["weeks"], basis=words(result["basis"]))
    numbers = {name: f"{result[name]:.2%}" for name in ("precision", "least_precision")}
    yield words.line("usable" if result["usable"] else "unusable", **numbers, weeks=result["more_weeks"])
    columns = (
        words.column("action", lambda row: action_name(row["action"], language)),
        words.column("rows", lambda row: f"{row['rows']:,}"),
        words.column("supported", lambda row: f"{row['supported_share']:.0%}"),
        words.column("share", lambda row: f"{fixed(100 * row['share'], '.2f')} ± {196 * row['share_error']:.2f} %"),
        words.column("effect", lambda row: _interval(row["effect"], words) or words("thin")),
    )
    yield Table(columns, result["actions"])
    yield words.line("calibration", "bold")
    bins = [{**bin_, "action": row["action"]} for row in result["actions"] for bin_ in row["calibration"]]
    yield Table(
        (
            words.column("action", lambda row: action_name(row["action"], language)),
            words.column("predicted", lambda row: words.money(row["predicted"])),
            words.column("rows", lambda row: f"{row['rows']:,}"),
            words.column("measured", lambda row: _interval(row["effect"], words)),
        ),
        bins,
    )
    if result["model"]:
        yield words.line("logged", "dim", **result["model"])


def _interval(effect: Row | None, words: Words) -> str:
    if effect is None:
        return ""
    return words("interval", **{name: words.money(effect[name]) for name in ("value", "low", "high")})
