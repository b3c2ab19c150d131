"""Duties of a period, compliance with cadence over months."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from kqml.messages import text
from kqml.messages.quantities import day
from serve.cli.layout import MISSING, Block, Column, Table, Words

OPEN = ("overdue", "due")
COUNTS = {"accounts": "accounts", "target": "target", "done": "counted"}
CONTACTS_OFF = {"cold": "too_cold", "hot": "too_hot"}

Row = Mapping[str, Any]


def show_duties(result: Row, language: str, time_zone: str) -> Iterator[Block]:
    """Show open duties, the most pressing first, for one rep; else counts of each kind."""
    words = Words("duties", language)
    key, period = ("title", result["week"]) if result["week"] else ("title_month", result["month"])
    yield words.line(key, "bold", period=period, playbook=result["playbook"])
    yield words.line(result["certainty"], "dim")
    if result["rows"] is None:
        yield _summary(result["summary"], words)
    else:
        yield _open(result["rows"], words, time_zone)
        settled = {state: sum(row["state"] == state for row in result["rows"]) for state in ("done", "waived")}
        yield words.line("settled", "dim", **settled)
    if result["out"]:
        yield words.line("written", out=result["out"])


def _open(rows: Sequence[Row], words: Words, time_zone: str) -> Table:
    def due(row: Row) -> str:
        end = datetime.fromisoformat(row["due_by"]).astimezone(ZoneInfo(time_zone)) - timedelta(microseconds=1)
        return day(end.date(), words.language)

    columns = (
        words.column("heads.account", _account),
        words.column("heads.tier"),
        words.column("heads.duty", lambda row: _duty(row, words)),
        _word("channel", "channels", words),
        words.column("heads.counted", lambda row: f"{words.number(row['counted'])} / {words.number(row['target'])}"),
        words.column("heads.due_by", due),
        words.column("heads.state", lambda row: words(f"states.{'must_' if row['must'] else ''}{row['state']}")),
        words.column("heads.why", lambda row: words(f"why.{row['why']}", tier=row["tier"])),
    )
    pressing = sorted((row for row in rows if row["state"] in OPEN), key=_pressing)
    return Table(columns, pressing, boxed=False, row_style=lambda row: "bold" if row["must"] else "")


def _pressing(row: Row) -> tuple[bool, bool, str, str]:
    return (not row["must"], row["state"] != "overdue", row["due_by"], row["account_id"] or "")


def _account(row: Row) -> str:
    return row["account_id"] or MISSING


def _duty(row: Row, words: Words) -> str:
    if row["duty"] == "festival":
        return text(f"playbook.festivals.{row['occasion']}", words.language)
    return words(f"duties.{row['duty']}")


def _word(name: str, part: str, words: Words) -> Column:
    return words.column(f"heads.{name}", lambda row: "" if row[name] is None else words(f"{part}.{row[name]}"))


def _summary(summary: Sequence[Row], words: Words) -> Table:
    parts = {"duty": "duties", "channel": "channels", "state": "states"}
    counted = words.column("heads.rows", lambda row: f"{row['rows']:,}")
    return Table([*(_word(name, part, words) for name, part in parts.items()), counted], summary, boxed=False)


def show_compliance(result: Row, language: str) -> Iterator[Block]:
    """Show a row per rep, tier, channel, month."""
    words = Words("duties", language)
    yield words.line("compliance", "bold", playbook=result["playbook"], months=", ".join(result["months"]))

    def share_of(row: Row) -> str:
        return "" if row["compliance"] is None else words.share(row["compliance"])

    columns = (
        words.column("heads.rep", lambda row: row["rep_id"] or MISSING),
        words.column("heads.tier"),
        _word("channel", "channels", words),
        words.column("heads.month"),
        *(_number(head, name, words) for head, name in COUNTS.items()),
        words.column("heads.compliance", share_of),
        *(_number(head, name, words) for head, name in CONTACTS_OFF.items()),
    )
    yield Table(columns, result["rows"], boxed=False)


def _number(head: str, name: str, words: Words) -> Column:
    return words.column(f"heads.{head}", lambda row: words.number(row[name]))
