"""The evaluation of a randomised trial."""

from collections.abc import Iterator, Mapping
from typing import Any

from kqml.messages import text
from kqml.messages.quantities import fixed
from serve.cli.layout import Block, Column, Line, Table, Words
from serve.cli.layouts.intervals import interval

Row = Mapping[str, Any]


def show_trial(result: Row, language: str) -> Iterator[Block]:
    """Show the JSON of `evaluate trial`."""
    words = Words("trials.table", language)
    verdict = text(f"trials.verdict.{result['verdict']}", language)
    title = "title" if result["units"] == result["rows"] else "title_units"
    numbers = {"rows": f"{result['rows']:,}", "units": f"{result['units']:,}"}
    yield words.line(title, "bold", **numbers, verdict=verdict)
    ratio = result["sample_ratio"]
    if ratio["text"] and not ratio["mismatch"]:
        yield Line(f"! {ratio['text']}", "yellow")
    yield Line(result["reason"])
    yield _policies(result, words)
    for arm, bins in result["bins"].items():
        yield _bins(arm, bins, words)
    if result["left_out"]:
        yield words.line("left_out", columns=", ".join(result["left_out"]))
    for warning in result["warnings"]:
        yield Line(f"! {warning['text']}", "yellow")


def _policies(result: Row, words: Words) -> Table:
    arms = [
        {
            "policy": words("everybody", arm=arm),
            "rows": f"{result['arms'][arm]:,}",
            "value": interval(value),
            "gain": interval(result["gains"].get(arm)),
            "qini": interval(result["qini"].get(arm)),
        }
        for arm, value in result["static"].items()
    ]
    personalised = {
        "policy": words("personalised"),
        "rows": "",
        "value": interval(result["personalised"]),
        "gain": interval(result["personalised_gain"]),
        "qini": "",
    }
    gain = Column(words("gain", control=result["control"]), lambda row: row["gain"])
    columns = [*map(words.column, ("policy", "rows", "value")), gain, words.column("qini")]
    return Table(columns, [*arms, personalised])


def _bins(arm: str, bins: list[Mapping[str, float]], words: Words) -> Table:
    columns = (
        words.column("rows", lambda part: f"{int(part['rows']):,}"),
        words.column("predicted", lambda part: fixed(part["predicted"], ".4g")),
        words.column("shown", interval),
    )
    return Table(columns, bins, words("bins", arm=arm))
