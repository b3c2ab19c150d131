"""The loss report: sentences, a table per way of grouping, the evidence for each number."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from kqml.messages import text
from serve.cli.layout import Block, Column, Line, Table, Words

COLUMNS = ("customers", "lost", "share", "returned", "revenue", "margin")
MONEY = ("revenue", "margin", "revenue_returned", "margin_returned")
SHOWN = 10
"""Groups of a table on the terminal."""

Row = Mapping[str, Any]


def show_losses(result: Row, language: str) -> Iterator[Block]:
    """Show the JSON of `report loss`."""
    words = Words("loss", language, result["currency"])
    yield words.line("title", "bold", **_days(result))
    yield from map(Line, (*_summary(result, words), *_outlook(result, words)))
    for way in dict.fromkeys(group["by"] for group in result["groups"]):
        yield from _groups([group for group in result["groups"] if group["by"] == way], words)
    yield from map(Line, _basis(result, words))
    if result["written"]:
        yield words.line("written", **result["written"])


def _days(result: Row) -> dict[str, str]:
    return {name: instant[: len("2024-01-31")] for name, instant in result["period"].items()}


def _summary(result: Row, words: Words) -> list[str]:
    lost = result["lost"]
    counts = {name: words.number(lost[name]) for name in ("customers", "lost", "returned", "closed", "transferred")}
    return [
        words("lost", **counts, share=words.share(lost["share"])),
        words("announced", **counts),
        words(f"money_{_basis_of(lost)}", **{name: words.money(lost[name]) for name in MONEY}),
    ]


def _basis_of(part: Row) -> str:
    return "none" if part["revenue"] is None else ("revenue" if part["margin"] is None else "both")


def _outlook(result: Row, words: Words) -> list[str]:
    expected, definition = result["expected"], result["definition"]
    if expected is None:
        return []
    counts = {name: words.number(expected["lost"][name]) for name in ("mean", "low", "high")}
    when = {"start": _days(result)["end"], "days": definition["gap"], "horizon": definition["horizon"]}
    lines = [words("expected", accounts=words.number(expected["accounts"]), **counts, **when)]
    if _basis_of(expected) != "none":
        lines.append(words(f"expected_{_basis_of(expected)}", **_ranges(expected, words)))
    return lines


def _ranges(expected: Row, words: Words) -> dict[str, str]:
    return {
        name if end == "mean" else f"{name}_{end}": words.money(expected[name][end])
        for name in ("revenue", "margin")
        if expected[name] is not None
        for end in ("mean", "low", "high")
    }


def _groups(groups: Sequence[Row], words: Words) -> Iterator[Block]:
    way = groups[0]["by"]
    columns = [_lost(name, words) for name in COLUMNS if _is_shown(name, way, groups)]
    if any(group["expected"] for group in groups):
        columns += _expected(words)
    named = words.column("column.group", lambda group: _name(group, words))
    yield Table([named, *columns], groups[:SHOWN], words(f"by.{way}"))
    if len(groups) > SHOWN:
        yield words.line("more", count=len(groups) - SHOWN)


def _is_shown(name: str, way: str, groups: Sequence[Row]) -> bool:
    """Reps and reasons have no customers of their own; money is shown where some group has it."""
    if name == "customers":
        return way not in ("rep", "reason")
    return name not in ("revenue", "margin") or any(
        group["lost"] and group["lost"][name] is not None for group in groups
    )


def _name(group: Row, words: Words) -> str:
    if group["name"] is None:
        return words("unknown")
    return text(f"codes.{group['name']}", words.language) if group["by"] == "reason" else str(group["name"])


def _lost(name: str, words: Words) -> Column:
    formats = {"share": words.share, "revenue": words.money, "margin": words.money}
    shown: Callable[[float | None], str] = formats.get(name, words.number)
    return words.column(f"column.{name}", lambda group: shown((group["lost"] or {}).get(name)), right=True)


def _expected(words: Words) -> list[Column]:
    def mean(group: Row, name: str) -> float | None:
        part = group["expected"] and group["expected"][name]
        value: float | None = part and part["mean"]
        return value

    def lost(group: Row) -> str:
        accounts = mean(group, "lost")
        return words.number(None if accounts is None else round(accounts, 1))

    return [
        words.column("column.expected", lost, right=True),
        words.column("column.expected_revenue", lambda group: words.money(mean(group, "revenue")), right=True),
        words.column("column.expected_margin", lambda group: words.money(mean(group, "margin")), right=True),
    ]


def _basis(result: Row, words: Words) -> list[str]:
    """The evidence for each number."""
    lines = [words("basis.lost", **result["definition"])]
    if result["lost"]["revenue"] is not None:
        lines.append(words("basis.value"))
    if result["model"] is None:
        lines.append(words("basis.no_model"))
    else:
        lines += [words("basis.expected", **result["model"]), words("basis.reason")]
    lacking = [segment or words("unknown") for segment in result["segments_without_margin_rate"]]
    if lacking and result["lost"]["revenue"] is not None:
        lines.append(words("basis.no_margin", segments=", ".join(lacking)))
    return lines
