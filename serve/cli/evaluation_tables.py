"""Back-tests and trainings on a terminal."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table

from kqml.messages import text
from kqml.messages.quantities import fixed

Words = Callable[..., str]


def words_in(language: str) -> Words:
    """The sentences of the topic in a language."""

    def words(key: str, **values: object) -> str:
        return text(f"evaluation.{key}", language, **values)

    return words


def print_evaluation(console: Console, result: Mapping[str, Any], language: str) -> None:
    """Writes an evaluation (the JSON of `backtest`, or of `train`'s test block) for a person."""
    words = words_in(language)
    _protocol(console, result["protocol"], words)
    for table in _models(result["models"], words):
        console.print(table)
    if result.get("gaps"):
        console.print(_gaps(result["gaps"], words))
    if result["slices"]:
        console.print(_slices(result["slices"], words))
    _sentences(console, result, words)


def _protocol(console: Console, protocol: Mapping[str, Any], words: Words) -> None:
    shown = ("horizon", "gap", "training", "test", "first", "last", "fits")
    console.print(words("table.protocol", **{name: protocol[name] for name in shown}), style="bold", markup=False)
    if protocol["short"]:
        console.print(words("table.short"), markup=False)


def _models(rows: Sequence[Mapping[str, Any]], words: Words) -> Iterator[Table]:
    """A table per group."""
    for group in dict.fromkeys(row["group"] for row in rows):
        those = [row for row in rows if row["group"] == group]
        counts = {"rows": f"{those[0]['rows']:,}", "churned": f"{those[0]['churned']:,}"}
        title = words("table.models", group=words(f"table.{group}"), **counts)
        table = _table(title, ("model", "auc", "ap", "lift", "eo", "slope"), words)
        for row in those:
            order = (between(row, "auc", "auc"), between(row, "average_precision", "ap"), number(row["lift_at_10"], 1))
            level = (number(row.get("expected_over_observed"), 2), number(row.get("slope"), 2))
            table.add_row(words(f"model.{row['model']}"), *order, *level)
        yield table


def _gaps(rows: Sequence[Mapping[str, Any]], words: Words) -> Table:
    table = _table(words("table.gaps"), ("gap", "group", "churned", "auc", "ap", "lift"), words)
    for row in rows:
        counts = (str(row["gap"]), words(f"table.{row['group']}"), f"{row['churned']:,}")
        order = (between(row, "auc", "auc"), between(row, "average_precision", "ap"), number(row["lift_at_10"], 1))
        table.add_row(*counts, *order)
    return table


def _slices(rows: Sequence[Mapping[str, Any]], words: Words) -> Table:
    table = _table(words("table.slices"), ("slice", "value", "churned", "auc", "eo"), words)
    for row in rows:
        counts = (words(f"table.{row['slice']}"), row["value"], f"{row['churned']:,}")
        table.add_row(*counts, between(row, "auc", "auc"), between(row, "expected_over_observed", "eo", 2))
    return table


def _sentences(console: Console, result: Mapping[str, Any], words: Words) -> None:
    for sentence in (*_grade(result, words), *_money(result, words), *_censored(result, words)):
        console.print(sentence, markup=False)
    console.print(words("table.readings", **result["test_block_readings"]), markup=False)
    if result.get("predictions"):
        console.print(words("table.predictions", **result["predictions"]), markup=False)
    if result.get("charts"):
        print_charts(console, result["charts"], words)


def print_charts(console: Console, charts: Mapping[str, Any], words: Words) -> None:
    """Says which chart files were written."""
    console.print(words("table.charts", files=", ".join(charts["files"])), markup=False)


def _grade(result: Mapping[str, Any], words: Words) -> list[str]:
    grade, left = result["grade"], result["departures"]
    names = {"ours": "average_precision", "theirs": "rule_average_precision", "gain": "gain", "low": "gain_low"}
    numbers = {short: grade[name] for short, name in (*names.items(), ("high", "gain_high"))}
    rule = words(f"model.{grade['rule']}")
    sentences = [words("table.grade", grade=grade["grade"], rule=rule, accounts=grade["churned_accounts"], **numbers)]
    if left["departures"]:
        sentences.append(words("table.departures", within=left["flagged_within"], **left))
    return sentences


def _money(result: Mapping[str, Any], words: Words) -> list[str]:
    return [words("table.money", model=words(f"model.{name}"), **shares) for name, shares in result["money"].items()]


def _censored(result: Mapping[str, Any], words: Words) -> list[str]:
    censored = result["censored"]
    if not censored["as_churned"]:
        return []
    again = censored["as_churned"]
    return [words("table.censored", rows=censored["rows"], auc=again["auc"], ap=again["average_precision"])]


def between(row: Mapping[str, Any], name: str, short: str, digits: int = 3) -> str:
    """A value with its interval, or a dash."""
    value = row.get(name)
    if value is None or value != value:
        return "–"
    value, low, high = (fixed(one, f".{digits}f") for one in (value, row[f"{short}_low"], row[f"{short}_high"]))
    return f"{value} ({low}–{high})"


def number(value: float | None, digits: int) -> str:
    """A number, or a dash."""
    return "–" if value is None or value != value else fixed(value, f".{digits}f")


def _table(title: str, columns: Sequence[str], words: Words) -> Table:
    table = Table(title=title, title_justify="left")
    for name in columns:
        left = name in ("group", "model", "slice", "value")
        table.add_column(words(f"table.{name}"), justify="left" if left else "right", overflow="fold")
    return table
