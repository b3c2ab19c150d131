"""A trial's answer on a terminal."""

from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.table import Table

from kqml.messages import text
from kqml.messages.quantities import fixed


def print_trial(console: Console, result: Mapping[str, Any], language: str) -> None:
    """Writes the JSON of `evaluate trial` for a person."""
    verdict = text(f"trials.verdict.{result['verdict']}", language)
    console.print(_words(language, "title", rows=f"{result['rows']:,}", verdict=verdict), style="bold", markup=False)
    console.print(result["reason"], markup=False)
    console.print(_policies(result, language))
    for arm, bins in result["bins"].items():
        console.print(_bins(arm, bins, language))
    if result["left_out"]:
        console.print(_words(language, "left_out", columns=", ".join(result["left_out"])), markup=False)
    for warning in result["warnings"]:
        console.print(f"! {warning['text']}", style="yellow", markup=False)


def _policies(result: Mapping[str, Any], language: str) -> Table:
    control = result["control"]
    names = [_words(language, name) for name in ("policy", "rows", "value")]
    table = Table(*names, _words(language, "gain", control=control), _words(language, "qini"))
    for arm, value in result["static"].items():
        table.add_row(
            _words(language, "everybody", arm=arm),
            f"{result['arms'][arm]:,}",
            _between(value),
            _between(result["gains"].get(arm)),
            _between(result["qini"].get(arm)),
        )
    gain = _between(result["personalised_gain"])
    table.add_row(_words(language, "personalised"), "", _between(result["personalised"]), gain, "")
    return table


def _bins(arm: str, bins: list[Mapping[str, float]], language: str) -> Table:
    heads = (_words(language, name) for name in ("rows", "predicted", "shown"))
    table = Table(*heads, title=_words(language, "bins", arm=arm), title_justify="left")
    for part in bins:
        table.add_row(f"{int(part['rows']):,}", fixed(part["predicted"], ".4g"), _between(part))
    return table


def _between(value: Mapping[str, float] | None) -> str:
    return "{} ({} – {})".format(*(fixed(value[name], ".4g") for name in ("value", "low", "high"))) if value else ""


def _words(language: str, key: str, **values: object) -> str:
    return text(f"trials.table.{key}", language, **values)
