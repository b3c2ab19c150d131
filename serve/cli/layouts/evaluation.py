"""The evaluation of a back-test or of a training."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from serve.cli.layout import MISSING, Block, Column, Line, Table, Words, decimal

Row = Mapping[str, Any]


def show_evaluation(result: Row, language: str) -> Iterator[Block]:
    """Show an evaluation (the JSON of `backtest`, or of `train`'s test block)."""
    words = Words("evaluation", language)
    yield from _protocol(result["protocol"], words)
    yield from _models(result["models"], words)
    if result.get("gaps"):
        yield _gaps(result["gaps"], words)
    if result["slices"]:
        yield _slices(result["slices"], words)
    yield from _sentences(result, words)


def _protocol(protocol: Row, words: Words) -> Iterator[Line]:
    shown = ("horizon", "gap", "training", "test", "first", "last", "fits")
    yield words.line("table.protocol", "bold", **{name: protocol[name] for name in shown})
    if protocol["short"]:
        yield words.line("table.short")


def _models(rows: Sequence[Row], words: Words) -> Iterator[Table]:
    """A table per group."""
    for group in dict.fromkeys(row["group"] for row in rows):
        members = [row for row in rows if row["group"] == group]
        counts = {"rows": f"{members[0]['rows']:,}", "churned": f"{members[0]['churned']:,}"}
        model = words.column("table.model", lambda row: words(f"model.{row['model']}"))
        title = words("table.models", group=words(f"table.{group}"), **counts)
        yield Table([model, *_ranking(words), *_level(words)], members, title)


def _gaps(rows: Sequence[Row], words: Words) -> Table:
    gap = words.column("table.gap", lambda row: str(row["gap"]), right=True)
    return Table([gap, _word("group", words), _churned(words), *_ranking(words)], rows, words("table.gaps"))


def _slices(rows: Sequence[Row], words: Words) -> Table:
    ratio = words.column("table.eo", lambda row: between(row, "expected_over_observed", "eo", 2), right=True)
    columns = [_word("slice", words), words.column("table.value"), _churned(words), _ranking(words)[0], ratio]
    return Table(columns, rows, words("table.slices"))


def _word(name: str, words: Words) -> Column:
    return words.column(f"table.{name}", lambda row: words(f"table.{row[name]}"))


def _churned(words: Words) -> Column:
    return words.column("table.churned", lambda row: f"{row['churned']:,}", right=True)


def _ranking(words: Words) -> tuple[Column, ...]:
    return (
        words.column("table.auc", lambda row: between(row, "auc", "auc"), right=True),
        words.column("table.ap", lambda row: between(row, "average_precision", "ap"), right=True),
        words.column("table.lift", lambda row: decimal(row["lift_at_10"], 1), right=True),
    )


def _level(words: Words) -> tuple[Column, ...]:
    return (
        words.column("table.eo", lambda row: decimal(row.get("expected_over_observed"), 2), right=True),
        words.column("table.slope", lambda row: decimal(row.get("slope"), 2), right=True),
    )


def _sentences(result: Row, words: Words) -> Iterator[Line]:
    for sentence in (*grade_sentences(result, words), *_money(result, words), *_censored(result, words)):
        yield Line(sentence)
    yield words.line("table.test_usage", **result["test_set_usage"])
    if result.get("predictions"):
        yield words.line("table.predictions", **result["predictions"])
    if result.get("charts"):
        yield from show_charts(result["charts"], words)


def show_charts(charts: Row, words: Words) -> Iterator[Line]:
    """Show which chart files were written."""
    yield words.line("table.charts", files=", ".join(charts["files"]))


def grade_sentences(result: Row, words: Words) -> list[str]:
    """Return the grade and its reasons; one sentence only where no account churned in the test block."""
    grade, left = result["grade"], result["departures"]
    if not grade["churned_accounts"]:
        return [words("table.no_churn", grade=grade["grade"])]
    names = {"ours": "average_precision", "theirs": "rule_average_precision", "gain": "gain", "low": "gain_low"}
    numbers = {short: grade[name] for short, name in (*names.items(), ("high", "gain_high"))}
    rule = words(f"model.{grade['rule']}")
    sentences = [words("table.grade", grade=grade["grade"], rule=rule, accounts=grade["churned_accounts"], **numbers)]
    if left["departures"]:
        sentences.append(words("table.departures", within=left["flagged_within"], **left))
    return sentences


def _money(result: Row, words: Words) -> list[str]:
    return [words("table.money", model=words(f"model.{name}"), **shares) for name, shares in result["money"].items()]


def _censored(result: Row, words: Words) -> list[str]:
    censored = result["censored"]
    if not censored["as_churned"]:
        return []
    again = censored["as_churned"]
    return [words("table.censored", rows=censored["rows"], auc=again["auc"], ap=again["average_precision"])]


def between(row: Row, name: str, short: str, digits: int = 3) -> str:
    """Return a value with its interval, or a dash."""
    value = row.get(name)
    if value is None or value != value:
        return MISSING
    return f"{decimal(value, digits)} ({decimal(row[f'{short}_low'], digits)}–{decimal(row[f'{short}_high'], digits)})"
