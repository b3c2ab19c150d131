"""The adoption report: totals, a table by rep and action, the overrides."""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from serve.cli.layout import Block, Table, Words
from serve.cli.layouts.policy import action_name

COUNTS = ("recommended", "accepted", "done", "verified", "overridden", "failed", "ignored", "open", "withdrawn")
SHOWN = 20
"""Overrides on the terminal."""

Row = Mapping[str, Any]


def show_adoption(result: Row, language: str) -> Iterator[Block]:
    """Show the JSON of `report adoption`, the weeks of a rep and an action together."""
    words = Words("adoption", language)
    yield words.line("title", "bold", first=result["from_week"], last=result["to_week"])
    totals = {name: words.number(result["totals"][name]) for name in COUNTS}
    yield words.line("totals", **totals, rate=_rate(result["totals"], words))
    columns = (
        words.column("rep", lambda row: row["rep_id"] or ""),
        words.column("action", lambda row: action_name(row["action"], language)),
        *(words.column(name, lambda row, name=name: words.number(row[name])) for name in COUNTS),  # type: ignore[misc]
        words.column("rate", lambda row: _rate(row, words)),
    )
    yield Table(columns, list(_together(result["rows"])))
    if result["overrides"]:
        yield words.line("overrides", "bold", count=words.number(len(result["overrides"])))
        yield _overrides(result["overrides"][:SHOWN], words)


def _together(rows: list[Row]) -> Iterator[Row]:
    sums: dict[tuple[str, str], Counter[str]] = {}
    for row in rows:
        key = (row["rep_id"] or "", row["action"])
        sums.setdefault(key, Counter()).update({name: row[name] for name in COUNTS})
    for (rep, action), counts in sums.items():
        settled = counts["recommended"] - counts["open"] - counts["withdrawn"]
        yield {"rep_id": rep, "action": action, **counts, "rate": counts["done"] / settled if settled else None}


def _rate(row: Row, words: Words) -> str:
    return "" if row["rate"] is None else words.share(row["rate"])


def _overrides(rows: list[Row], words: Words) -> Table:
    columns = (
        words.column("week", lambda row: row["week"]),
        words.column("rep", lambda row: row["rep_id"] or ""),
        words.column("account", lambda row: row["account_id"]),
        words.column("action", lambda row: action_name(row["action"], words.language)),
        words.column("instead", lambda row: action_name(row["instead"], words.language) if row["instead"] else ""),
        words.column("reason", lambda row: row["reason"] or ""),
        words.column("expires", lambda row: (row["expires_at"] or "")[:10]),
    )
    return Table(columns, rows, boxed=False)
