"""A rep's week by day."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any

from kqml.messages import catalogue
from kqml.messages.quantities import day
from serve.cli.layout import MISSING, Block, Column, Line, Table, Words

Row = Mapping[str, Any]


def show_days(result: Row, language: str) -> Iterator[Block]:
    """Show each day with its actions in order, then what has no day."""
    words = Words("days", language)
    as_of = result["as_of"][:16].replace("T", " ")
    yield words.line("title", "bold", week=result["week"], rep=result["rep_id"], as_of=as_of)
    for row in result["days"]:
        yield from _day(row, words)
    if result["left_out"]:
        yield words.line("left_out", "bold", count=len(result["left_out"]))
        yield Table(
            (*_columns(words), words.column("heads.why", lambda row: words(f"why.{row['why']}"))),
            result["left_out"],
            boxed=False,
        )
    elif not any(row["actions"] for row in result["days"]):
        yield words.line("none")
    if result["objected"]:
        yield words.line("objected", "dim", accounts=result["objected"])


def _day(row: Row, words: Words) -> Iterator[Block]:
    if not (row["working"] or row["actions"] or row["done"]):
        return
    yield Line(_heading(row, words), "bold" if row["actions"] else "dim")
    if row["done"]:
        accounts = words("separator").join(_account(contact) for contact in row["done"])
        yield words.line("done", "dim", accounts=accounts)
    if row["actions"]:
        yield Table(_columns(words, timed=True), row["actions"], boxed=False, row_style=_style)


def _heading(row: Row, words: Words) -> str:
    named = date.fromisoformat(row["date"])
    values = {"weekday": words(f"weekdays.{named.weekday()}"), "day": day(named, words.language)}
    if not row["actions"] and not row["done"] and (row["absent"] or not row["working"]):
        return words("day_absent" if row["absent"] else "day_off", **values)
    key = "day" if row["km"] is None else "day_km"
    return words(key, **values, **{name: words.number(row[name]) for name in ("used", "minutes", "km")})


def _columns(words: Words, *, timed: bool = False) -> Sequence[Column]:
    columns = (
        words.column("heads.account", _account),
        words.column("heads.tier", lambda row: row["tier"] or ""),
        words.column("heads.action", lambda row: _action(row, words)),
        words.column("heads.state", lambda row: words(f"states.{row['state']}")),
        words.column("heads.due", lambda row: _due(row, words)),
    )
    if not timed:
        return columns
    return (
        words.column("heads.time", lambda row: f"{row['start']}–{row['end']}"),
        *columns,
        words.column("heads.route", lambda row: row["route"] or ""),
        words.column("heads.notes", lambda row: _notes(row, words)),
    )


def _account(row: Row) -> str:
    return str(row["account_name"] or row["account_id"])


def _action(row: Row, words: Words) -> str:
    """The catalogue's word; a company's own action as it is."""
    action = str(catalogue("plan", words.language)["actions"].get(row["action"], row["action"]))
    return action if row["parts"] == 1 else words("part", action=action, part=row["part"], parts=row["parts"])


def _due(row: Row, words: Words) -> str:
    return MISSING if row["due"] is None else day(date.fromisoformat(row["due"]), words.language)


def _notes(row: Row, words: Words) -> str:
    notes = [*(["must"] if row["must"] else []), *row["flags"]]
    return words("separator").join(words(f"notes.{note}") for note in notes)


def _style(row: Row) -> str:
    return "bold" if row["must"] else ""
