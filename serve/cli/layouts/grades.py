"""The report of grades: all accounts in counts, or one account with its evidence."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from kqml.events import KIND_OF_CODE
from kqml.messages.quantities import Unit, day, fixed, quantity
from kqml.playbook.codes import DIMENSIONS
from serve.cli.layout import MISSING, Block, Column, Line, Table, Words, decimal
from serve.usecases.report_grades import COUNTED

LINES = 12
"""Lines of the statement that a terminal shows: those of which most is left."""

SHARES = ("relationship_grade", "level", "overall_class")
HISTORY = ("relationship_grade", "relationship_score", *DIMENSIONS, "sales", "abc", "credit_grade", "overall_class")

Row = Mapping[str, Any]


def show_grades(result: Row, language: str) -> Iterator[Block]:
    """Show the JSON of `report grades`."""
    words = Words("grades", language, result["currency"])
    yield from _all(result, words) if result["account"] is None else _account(result, words)
    if result["written"]:
        yield words.line("written", **result["written"])


def _all(result: Row, words: Words) -> Iterator[Block]:
    yield words.line("all", accounts=result["accounts"], cutoff=_date(result["cutoff"]), playbook=result["playbook"])
    now = result["periods"][0]["counts"]
    for name in COUNTED:
        counts = [f"{words(_value_key(name, value))} {count}" for value, count in now.get(name, {}).items()]
        yield Line(f"{words(f'column.{name}')}: {' · '.join(counts)}")
    columns = (
        words.column("column.period", lambda period: _named(period, words)),
        words.column("column.relationship_score", lambda period: decimal(period["relationship_score"], 2), right=True),
        *(_share_column(name, words) for name in SHARES),
    )
    yield Table(columns, result["periods"][1:])


def _date(instant: str) -> str:
    return instant[: len("2024-01-31")]


def _share_column(name: str, words: Words) -> Column:
    def shares(period: Row) -> str:
        return " ".join(f"{words(_value_key(name, value))} {count}" for value, count in period["counts"][name].items())

    return words.column(f"column.{name}", shares, right=True)


def _value_key(name: str, value: str) -> str:
    kind = {"level": "level", "credit_basis": "basis", "single_contact": "single"}.get(name, "grade")
    return f"{kind}.{value.lower() if kind == 'grade' else value}"


def _named(period: Row, words: Words) -> str:
    return str(period["period"]) if period["complete"] else words("running", period=period["period"])


def _account(result: Row, words: Words) -> Iterator[Block]:
    account = result["account"]
    now = account["standing"][0]
    names = {"account": account["account_id"], "cutoff": _date(result["cutoff"]), "playbook": result["playbook"]}
    yield words.line("one", **names)
    yield words.line("level_is", level=words(f"level.{now['level'] or 'unknown'}"))
    yield _criteria(account["criteria"], words)
    if now["single_contact"]:
        yield words.line("single_warning", people=quantity(Unit.PEOPLE, now["contacts_met"], words.language))
    yield _history(account["standing"], words)
    if account["statement"]:
        yield _statement(account["statement"], words)
    balance = now["emotional_balance"]
    yield words.line("balance", balance=words("unrecorded") if balance is None else decimal(balance, 2))
    if now.get("card_complete") is not None:
        yield _card(now["card_complete"], account["missing"], words)


def _card(complete: float, missing: Sequence[Row], words: Words) -> Line:
    names = words("separator").join(field["title"][words.language] for field in missing[:5])
    share = words.share(complete)
    return words.line("card", share=share, missing=names) if names else words.line("card_full", share=share)


def _criteria(criteria: Sequence[Row], words: Words) -> Table:
    def against(level: str) -> Column:
        return words.column(f"column.{level}", lambda row: _against(row["value"], row["needs"][level], words), True)

    def amount(row: Row) -> str:
        return words("unrecorded") if row["value"] is None else words.number(row["value"])

    columns = (
        words.column("column.criterion", lambda row: words(f"column.{row['name']}")),
        words.column("column.value", amount, right=True),
        *map(against, ("basic", "middle", "high")),
    )
    return Table(columns, criteria, words("title.criteria"))


def _against(value: float | None, need: float, words: Words) -> str:
    mark = "" if value is None else ("✓ " if value >= need else "✗ ")
    return f"{mark}≥ {words.number(need)}"


def _history(rows: Sequence[Row], words: Words) -> Table:
    def period(row: Row) -> str:
        return words("trailing") if row["period"] == "trailing" else _named(row, words)

    def column(name: str) -> Column:
        return words.column(f"column.{name}", lambda row: _cell(name, row[name], words), right=True)

    columns = [words.column("column.period", period), *map(column, HISTORY)]
    return Table(columns, rows, words("title.history"))


def _cell(name: str, value: Any, words: Words) -> str:
    if value is None:
        return MISSING
    if name == "sales":
        return words.money(value)
    return decimal(value, 2) if isinstance(value, float) else str(value)


def _statement(lines: Sequence[Row], words: Words) -> Table:
    columns = (
        words.column("column.day", lambda line: day(datetime.fromisoformat(line["at"]).date(), words.language)),
        words.column("column.what", lambda line: _what(line, words), right=True),
        words.column("column.weight", lambda line: fixed(line["weight"], "+.2f"), right=True),
        words.column("column.left", lambda line: fixed(line["left"], "+.2f"), right=True),
    )
    largest = sorted(lines, key=lambda line: -abs(line["left"]))[:LINES]
    return Table(columns, sorted(largest, key=lambda line: str(line["at"])), words("title.statement"))


def _what(line: Row, words: Words) -> str:
    named = KIND_OF_CODE[line["kind"]].named(words.language)
    topic = f" ({line['topic']})" if line["topic"] else ""
    return words("omitted", kind=named) if line["omitted"] else f"{named}{topic}"
