"""The loss report as JSON, with its tables on a terminal."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from rich.console import Console
from rich.table import Table

from kqml.calendar.business_time import moment_of
from kqml.dataset.folder import DatasetInfo
from kqml.messages import text
from kqml.messages.quantities import Unit, number, percent, quantity
from models.value.loss.arithmetic import ExpectedLoss, Loss
from models.value.loss.report import LossReport

COLUMNS = ("customers", "lost", "share", "returned", "revenue", "margin")
MONEY = ("revenue", "margin", "revenue_returned", "margin_returned")
SHOWN = 10
"""Groups of a table on the terminal."""

Words = Callable[..., str]


def loss_json(
    report: LossReport, info: DatasetInfo, model: Mapping[str, str] | None, ways: Sequence[str]
) -> dict[str, Any]:
    """The report by `ways` as one JSON object; money per year in `currency`."""
    days = [moment_of(instant, info.time_zone).isoformat() for instant in (report.period.start, report.period.end)]
    counts = {"closed": int(report.customers.closed.sum()), "transferred": int(report.customers.transferred.sum())}
    definition = asdict(report.definition)
    return {
        "dataset": info.fingerprint,
        "period": {"start": days[0], "end": days[1]},
        "currency": info.currency,
        "definition": {name: definition[name] for name in ("horizon", "gap", "min_orders", "active_within")},
        "model": model,
        "lost": {**asdict(report.lost), "share": report.lost.share, **counts},
        "expected": _expected(report.expected),
        "groups": [
            {"by": way, "name": group.name, "lost": _lost(group.lost), "expected": _expected(group.expected)}
            for way in ways
            for group in report.by(way)
        ],
        "segments_without_margin_rate": list(report.unrated),
    }


def _lost(loss: Loss | None) -> dict[str, Any] | None:
    return None if loss is None else {**asdict(loss), "share": loss.share}


def _expected(expected: ExpectedLoss | None) -> dict[str, Any] | None:
    return None if expected is None else asdict(expected)


def print_losses(console: Console, result: Mapping[str, Any], language: str) -> None:
    """Writes the report (its JSON) for a person: sentences, a table per way of grouping, what each number rests on."""

    def words(key: str, **values: object) -> str:
        return text(f"loss.{key}", language, **values)

    say = _Say(language, result["currency"], words)
    console.print(words("title", **_days(result)), style="bold", markup=False)
    for line in (*_summary(result, say), *_outlook(result, say)):
        console.print(line, markup=False, highlight=False, soft_wrap=True)
    for way in dict.fromkeys(group["by"] for group in result["groups"]):
        _print_table(console, [group for group in result["groups"] if group["by"] == way], say)
    for line in _basis(result, words):
        console.print(line, markup=False, highlight=False, soft_wrap=True)
    if result["written"]:
        console.print(words("written", **result["written"]), markup=False, highlight=False, soft_wrap=True)


@dataclass(frozen=True)
class _Say:
    """Numbers in a language and a currency; what is missing is a dash."""

    language: str
    currency: str
    words: Words

    def money(self, value: float | None) -> str:
        return "–" if value is None else quantity(Unit.MONEY, value, self.language, self.currency)

    def count(self, value: float | None) -> str:
        return "–" if value is None else number(value, self.language)

    def share(self, value: float | None) -> str:
        return "–" if value is None else percent(value, self.language)


def _days(result: Mapping[str, Any]) -> dict[str, str]:
    return {name: instant[: len("2024-01-31")] for name, instant in result["period"].items()}


def _summary(result: Mapping[str, Any], say: _Say) -> list[str]:
    lost = result["lost"]
    counts = {name: say.count(lost[name]) for name in ("customers", "lost", "returned", "closed", "transferred")}
    return [
        say.words("lost", **counts, share=say.share(lost["share"])),
        say.words("announced", **counts),
        say.words(f"money_{_basis_of(lost)}", **{name: say.money(lost[name]) for name in MONEY}),
    ]


def _basis_of(part: Mapping[str, Any]) -> str:
    return "none" if part["revenue"] is None else ("revenue" if part["margin"] is None else "both")


def _outlook(result: Mapping[str, Any], say: _Say) -> list[str]:
    expected, definition = result["expected"], result["definition"]
    if expected is None:
        return []
    counts = {name: say.count(expected["lost"][name]) for name in ("mean", "low", "high")}
    when = {"start": _days(result)["end"], "days": definition["gap"], "horizon": definition["horizon"]}
    lines = [say.words("expected", accounts=say.count(expected["accounts"]), **counts, **when)]
    if _basis_of(expected) != "none":
        lines.append(say.words(f"expected_{_basis_of(expected)}", **_ranges(expected, say)))
    return lines


def _ranges(expected: Mapping[str, Any], say: _Say) -> dict[str, str]:
    return {
        name if end == "mean" else f"{name}_{end}": say.money(expected[name][end])
        for name in ("revenue", "margin")
        if expected[name] is not None
        for end in ("mean", "low", "high")
    }


def _print_table(console: Console, groups: Sequence[Mapping[str, Any]], say: _Say) -> None:
    way = groups[0]["by"]
    columns = [name for name in COLUMNS if _is_shown(name, way, groups)]
    expected = ["expected", "expected_revenue", "expected_margin"] if any(g["expected"] for g in groups) else []
    table = Table(title=say.words(f"by.{way}"), title_justify="left")
    for place, name in enumerate(["group", *columns, *expected]):
        table.add_column(say.words(f"column.{name}"), justify="right" if place else "left")
    for group in groups[:SHOWN]:
        table.add_row(
            _name(group, say), *_cells(group, columns, say), *(_outlook_cells(group, say) if expected else ())
        )
    console.print(table)
    if len(groups) > SHOWN:
        console.print(say.words("more", count=len(groups) - SHOWN), markup=False)


def _is_shown(name: str, way: str, groups: Sequence[Mapping[str, Any]]) -> bool:
    """Reps and reasons have no customers of their own; money is shown where some group has it."""
    if name == "customers":
        return way not in ("rep", "reason")
    return name not in ("revenue", "margin") or any(
        group["lost"] and group["lost"][name] is not None for group in groups
    )


def _name(group: Mapping[str, Any], say: _Say) -> str:
    if group["name"] is None:
        return say.words("unknown")
    return text(f"codes.{group['name']}", say.language) if group["by"] == "reason" else str(group["name"])


def _cells(group: Mapping[str, Any], columns: Sequence[str], say: _Say) -> list[str]:
    shown: dict[str, Callable[[float | None], str]] = {"share": say.share, "revenue": say.money, "margin": say.money}
    lost = group["lost"] or {}
    return [shown.get(name, say.count)(lost.get(name)) for name in columns]


def _outlook_cells(group: Mapping[str, Any], say: _Say) -> list[str]:
    expected = group["expected"]
    if expected is None:
        return ["–"] * 3
    money = [say.money(part and part["mean"]) for part in (expected["revenue"], expected["margin"])]
    return [say.count(round(expected["lost"]["mean"], 1)), *money]


def _basis(result: Mapping[str, Any], words: Words) -> list[str]:
    """What each number rests on."""
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
