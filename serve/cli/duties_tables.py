"""Duties and compliance on a terminal."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from rich.console import Console
from rich.table import Table
from rich.text import Text

from kqml.messages import text
from kqml.messages.quantities import day, number, percent

OPEN = ("overdue", "due")
HEADS = ("account", "tier", "duty", "channel", "counted", "due_by", "state", "why")


def print_duties(console: Console, result: Mapping[str, Any], language: str, time_zone: str) -> None:
    """What is open, most pressing first, where one rep was asked for; else how much of each there is."""
    key, period = ("title", result["week"]) if result["week"] else ("title_month", result["month"])
    console.print(Text(text(f"duties.{key}", language, period=period, playbook=result["playbook"]), style="bold"))
    console.print(Text(text(f"duties.{result['certainty']}", language), style="dim"))
    if result["rows"] is None:
        console.print(_summary(result["summary"], language))
    else:
        rows = sorted((row for row in result["rows"] if row["state"] in OPEN), key=_pressing)
        console.print(_open(rows, language, time_zone))
        settled = {state: sum(row["state"] == state for row in result["rows"]) for state in ("done", "waived")}
        console.print(Text(text("duties.settled", language, **settled), style="dim"))
    if result["out"]:
        console.print(Text(text("duties.written", language, out=result["out"])))


def _pressing(row: Mapping[str, Any]) -> tuple[bool, bool, str, str]:
    return (not row["must"], row["state"] != "overdue", row["due_by"], row["account_id"] or "")


def _open(rows: list[Mapping[str, Any]], language: str, time_zone: str) -> Table:
    table = Table(*(text(f"duties.heads.{head}", language) for head in HEADS), box=None, header_style="dim")
    for row in rows:
        due = datetime.fromisoformat(row["due_by"]).astimezone(ZoneInfo(time_zone)) - timedelta(microseconds=1)
        table.add_row(
            row["account_id"] or "–",
            row["tier"] or "",
            _duty(row, language),
            _word("channels", row["channel"], language),
            f"{number(row['counted'], language)} / {number(row['target'], language)}",
            day(due.date(), language),
            text(f"duties.states.{'must_' if row['must'] else ''}{row['state']}", language),
            text(f"duties.why.{row['why']}", language, tier=row["tier"]),
            style="bold" if row["must"] else None,
        )
    return table


def _duty(row: Mapping[str, Any], language: str) -> str:
    if row["duty"] == "festival":
        return text(f"playbook.festivals.{row['occasion']}", language)
    return _word("duties", row["duty"], language)


def _word(part: str, key: str | None, language: str) -> str:
    return "" if key is None else text(f"duties.{part}.{key}", language)


def _summary(summary: list[Mapping[str, Any]], language: str) -> Table:
    heads = ("duty", "channel", "state", "rows")
    table = Table(*(text(f"duties.heads.{head}", language) for head in heads), box=None, header_style="dim")
    for row in summary:
        words = (_word(f"{name}s" if name != "duty" else "duties", row[name], language) for name in heads[:3])
        table.add_row(*words, f"{row['rows']:,}")
    return table


COMPLIANCE_HEADS = ("rep", "tier", "channel", "month", "accounts", "target", "done", "compliance", "cold", "hot")


def print_compliance(console: Console, result: Mapping[str, Any], language: str) -> None:
    """A row per rep, tier, channel, month."""
    head = {"playbook": result["playbook"], "months": ", ".join(result["months"])}
    console.print(Text(text("duties.compliance", language, **head), style="bold"))
    table = Table(*(text(f"duties.heads.{name}", language) for name in COMPLIANCE_HEADS), box=None, header_style="dim")
    for row in result["rows"]:
        retained = row["compliance"]
        table.add_row(
            row["rep_id"] or "–",
            row["tier"],
            _word("channels", row["channel"], language),
            row["month"],
            *(number(row[name], language) for name in ("accounts", "target", "counted")),
            "" if retained is None else percent(retained, language),
            *(number(row[name], language) for name in ("too_cold", "too_hot")),
        )
    console.print(table)
