"""The label audit."""

from collections.abc import Iterator, Mapping
from typing import Any

from serve.cli.layout import MISSING, Block, Column, Line, Table, Words, decimal

GROUPS = ("all", "silent", "ordering")

Row = Mapping[str, Any]


def show_audit(audit: Row, language: str) -> Iterator[Block]:
    """Show the JSON of `label-audit`: overview, groups, windows, personal windows, quiet days, advice, chart files."""
    words = Words("audit.table", language)
    yield from _overview(audit, words)
    yield _groups(audit["groups"], words)
    yield _windows(audit["windows"], words)
    yield from _sentences(audit, words)
    yield words.line("advice", "bold")
    for advice in audit["advice"]:
        yield Line(f"• {advice['text']}")
    if audit["charts"]:
        yield from _charts(audit["charts"], words)


def _overview(audit: Row, words: Words) -> Iterator[Line]:
    definition, grid = audit["definition"], audit["cutoffs"]
    yield words.line("overview", "bold", horizon=definition["horizon"], gap=definition["gap"])
    first, last = (grid[end][: len("2024-01-31")] for end in ("first", "last"))
    counts = {name: audit["rows"][name] for name in ("eligible", "censored", "immature")}
    yield words.line("asked", cutoffs=grid["count"], first=first, last=last, **counts)


def _groups(groups: Row, words: Words) -> Table:
    def count(name: str) -> Column:
        return words.column(name, lambda group: f"{groups[group][name]:,}", right=True)

    columns = (
        words.column("group", words),
        count("rows"),
        count("churned"),
        words.column("rate", lambda group: percent(groups[group]["churn_rate"]), right=True),
        count("departures"),
        count("accounts"),
        words.column("returned", lambda group: percent(groups[group]["returned_share"], 0), right=True),
    )
    return Table(columns, GROUPS)


def _windows(windows: list[Row], words: Words) -> Table:
    rates = {(window["gap"], window["horizon"]): window["all"] for window in windows}

    def rate(horizon: int) -> Column:
        return Column(words("horizon", days=horizon), lambda gap: _rate(rates.get((gap, horizon))), right=True)

    horizons = sorted({window["horizon"] for window in windows})
    gaps = sorted({window["gap"] for window in windows})
    return Table([words.column("gap", str), *map(rate, horizons)], gaps, words("windows"))


def _rate(tally: Row | None) -> str:
    if tally is None:
        return MISSING
    return f"{percent(tally['churn_rate'])} ({percent(tally['returned_share'], 0)})"


def _sentences(audit: Row, words: Words) -> Iterator[Line]:
    personal, quiet = audit["personal"], audit["quiet"]
    median = decimal(personal["median_days"], 0)
    counts = {name: personal[name] for name in ("k", "both", "only_personal", "only_fixed")}
    yield words.line("personal", rate=percent(personal["churn_rate"]), median=median, **counts)
    yield words.line("quiet", **{name: quiet[name] for name in ("periods", "changed", "rows")})


def _charts(charts: Mapping[str, Any], words: Words) -> Iterator[Line]:
    yield words.line("charts", "bold")
    yield from map(Line, charts["files"])


def percent(share: float | None, digits: int = 2) -> str:
    """Return a share as people read it, a dash where there is none."""
    return MISSING if share is None else f"{share:.{digits}%}"
