"""Standings as JSON, with their tables on a terminal."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

from kqml.calendar.business_time import moment_of
from kqml.dataset.folder import DatasetInfo
from kqml.events import KIND_OF_CODE
from kqml.grades.account_evidence import AccountGradeDetail
from kqml.grades.account_grades import AccountGrades
from kqml.grades.depth import LEVELS
from kqml.messages import text
from kqml.messages.quantities import Unit, day, fixed, number, percent, quantity
from kqml.playbook import Playbook
from kqml.playbook.codes import DIMENSIONS

COUNTED = ("level", "relationship_grade", "abc", "credit_grade", "credit_basis", "overall_class", "single_contact")
"""Columns whose values are counted over all accounts."""

LINES = 12
"""Lines of the statement that a terminal shows: those of which most is left."""

Words = Callable[..., str]
Row = Mapping[str, Any]


def grades_json(
    info: DatasetInfo, playbook: Playbook, standings: Sequence[AccountGrades], one: AccountGradeDetail | None
) -> dict[str, Any]:
    """Counts per period over all accounts, and one account where it was asked for."""
    zone = info.time_zone
    return {
        "dataset": info.fingerprint,
        "playbook": playbook.version,
        "currency": info.currency,
        "cutoff": _iso(standings[0].period.end, zone),
        "accounts": len(standings[0].columns.get("abc", ())),
        "periods": [_period(item, zone) for item in standings],
        "account": None if one is None else _account(one, zone),
    }


def _period(standings: AccountGrades, zone: str) -> dict[str, Any]:
    period, columns = standings.period, standings.columns
    return {
        "period": period.name,
        "start": _iso(period.start, zone),
        "end": _iso(period.end, zone),
        "complete": period.complete,
        "counts": {name: _counts(columns[name]) for name in COUNTED if name in columns},
        "relationship_score": _mean(columns.get("relationship_score")),
        "card_complete": _mean(columns.get("card_complete")),
    }


def _counts(column: "np.ndarray[Any, Any]") -> dict[str, int]:
    """How many accounts have each value, by name; `unknown` where none is recorded."""
    counted = Counter("unknown" if value is None else str(value).lower() for value in column.tolist())
    return {value: counted[value] for value in sorted(counted, key=_rank)}


def _rank(value: str) -> tuple[int, str]:
    """Levels from the lowest, then grades from the best, what is not recorded last."""
    return (LEVELS.index(value) if value in LEVELS else len(LEVELS) + (value == "unknown"), value)


def _mean(column: "np.ndarray[Any, Any] | None") -> float | None:
    numbers = np.zeros(0) if column is None else column[~np.isnan(column)]
    return float(numbers.mean()) if len(numbers) else None


def _account(one: AccountGradeDetail, zone: str) -> dict[str, Any]:
    return {
        "account_id": one.account_id,
        "standing": [{**row, "start": _iso(row["start"], zone), "end": _iso(row["end"], zone)} for row in one.rows],
        "next_level": one.next_level,
        "criteria": [asdict(criterion) for criterion in one.criteria],
        "statement": [{**asdict(line), "at": _iso(line.at, zone)} for line in one.statement],
        "missing": [{"name": field.name, "weight": field.weight, "title": dict(field.title)} for field in one.missing],
    }


def _iso(instant: int, zone: str) -> str:
    return moment_of(instant, zone).isoformat()


def print_grades(console: Console, result: Mapping[str, Any], language: str) -> None:
    """Writes the standings (their JSON) for a person: all accounts in counts, or one with its evidence."""

    def words(key: str, **values: object) -> str:
        return text(f"grades.{key}", language, **values)

    if result["account"] is None:
        _print_all(console, result, words)
    else:
        _print_one(console, result, words, language)
    if result["written"]:
        _line(console, words("written", **result["written"]))


def _print_all(console: Console, result: Mapping[str, Any], words: Words) -> None:
    cutoff = result["cutoff"][: len("2024-01-31")]
    _line(console, words("all", accounts=result["accounts"], cutoff=cutoff, playbook=result["playbook"]))
    now = result["periods"][0]["counts"]
    for name in COUNTED:
        counts = [f"{words(_value_key(name, value))} {count}" for value, count in now.get(name, {}).items()]
        _line(console, f"{words(f'column.{name}')}: {' · '.join(counts)}")
    shown = ("relationship_grade", "level", "overall_class")
    table = _table(words, ("period", "relationship_score", *shown))
    for period in result["periods"][1:]:
        cells = [
            _shares(period["counts"][name], words, name) for name in ("relationship_grade", "level", "overall_class")
        ]
        score = period["relationship_score"]
        table.add_row(_named(period, words), "–" if score is None else fixed(score, ".2f"), *cells)
    console.print(table)


def _value_key(name: str, value: str) -> str:
    kind = {"level": "level", "credit_basis": "basis", "single_contact": "single"}.get(name, "grade")
    return f"{kind}.{value.lower() if kind == 'grade' else value}"


def _shares(counts: Mapping[str, int], words: Words, name: str) -> str:
    return " ".join(f"{words(_value_key(name, value))} {count}" for value, count in counts.items())


def _named(period: Mapping[str, Any], words: Words) -> str:
    return str(period["period"]) if period["complete"] else words("running", period=period["period"])


def _print_one(console: Console, result: Mapping[str, Any], words: Words, language: str) -> None:
    one, currency = result["account"], result["currency"]
    now = one["standing"][0]
    _line(console, words("one", account=one["account_id"], cutoff=result["cutoff"][:10], playbook=result["playbook"]))
    level = "unknown" if now["level"] is None else now["level"]
    _line(console, words("level_is", level=words(f"level.{level}")))
    console.print(_criteria(one, words, language))
    if now["single_contact"]:
        _line(console, words("single_warning", people=quantity(Unit.PEOPLE, now["contacts_met"], language)))
    console.print(_history(one["standing"], words, (language, currency)))
    if one["statement"]:
        console.print(_statement(one["statement"], words, language))
    balance = now["emotional_balance"]
    _line(console, words("balance", balance=words("unrecorded") if balance is None else fixed(balance, ".2f")))
    if now.get("card_complete") is not None:
        names = words("separator").join(field["title"][language] for field in one["missing"][:5])
        share = percent(now["card_complete"], language)
        _line(console, words("card", share=share, missing=names) if names else words("card_full", share=share))


def _criteria(one: Mapping[str, Any], words: Words, language: str) -> Table:
    table = _table(words, ("criterion", "value", "basic", "middle", "high"), title="criteria")
    for criterion in one["criteria"]:
        value, needs = criterion["value"], criterion["needs"]
        cells = [_against(value, needs[level], language) for level in ("basic", "middle", "high")]
        table.add_row(words(f"column.{criterion['name']}"), _amount(value, language, words), *cells)
    return table


def _against(value: float | None, need: float, language: str) -> str:
    mark = "" if value is None else ("✓ " if value >= need else "✗ ")
    return f"{mark}≥ {number(need, language)}"


def _amount(value: float | None, language: str, words: Words) -> str:
    return words("unrecorded") if value is None else number(value, language)


def _history(rows: Sequence[Row], words: Words, style: tuple[str, str]) -> Table:
    names = ("relationship_grade", "relationship_score", *DIMENSIONS, "sales", "abc", "credit_grade", "overall_class")
    table = _table(words, ("period", *names), title="history")
    for row in rows:
        title = words("trailing") if row["period"] == "trailing" else _named(row, words)
        table.add_row(title, *(_cell(name, row[name], style) for name in names))
    return table


def _cell(name: str, value: Any, style: tuple[str, str]) -> str:
    if value is None:
        return "–"
    if name == "sales":
        return quantity(Unit.MONEY, value, *style)
    return fixed(value, ".2f") if isinstance(value, float) else str(value)


def _statement(lines: Sequence[Row], words: Words, language: str) -> Table:
    table = _table(words, ("day", "what", "weight", "left"), title="statement")
    shown = sorted(sorted(lines, key=lambda line: -abs(line["left"]))[:LINES], key=lambda line: str(line["at"]))
    for line in shown:
        table.add_row(
            _day(line["at"], language), _what(line, words, language), _signed(line["weight"]), _signed(line["left"])
        )
    return table


def _what(line: Row, words: Words, language: str) -> str:
    named = KIND_OF_CODE[line["kind"]].named(language)
    topic = f" ({line['topic']})" if line["topic"] else ""
    return words("omitted", kind=named) if line["omitted"] else f"{named}{topic}"


def _day(instant: str, language: str) -> str:
    return day(datetime.fromisoformat(instant).date(), language)


def _signed(value: float) -> str:
    return fixed(value, "+.2f")


def _table(words: Words, columns: Sequence[str], title: str | None = None) -> Table:
    table = Table(title=words(f"title.{title}") if title else None, title_justify="left")
    for place, name in enumerate(columns):
        table.add_column(words(f"column.{name}"), justify="right" if place else "left")
    return table


def _line(console: Console, line: str) -> None:
    console.print(line, markup=False, highlight=False, soft_wrap=True)
