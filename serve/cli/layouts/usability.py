"""The data usability report."""

from collections.abc import Iterator, Mapping, Sequence
from functools import partial

from kqml.events import KIND_OF_CODE
from kqml.importing.findings import Finding, FindingLevel
from kqml.importing.headers import visible
from kqml.importing.report import ColumnFill, UsabilityReport
from kqml.importing.wording import place_of, sentences, share_of
from kqml.messages import text
from serve.cli.layout import Block, Column, Line, Table, Words

STYLES = {
    FindingLevel.REFUSAL: "bold red",
    FindingLevel.LEFT_OUT: "yellow",
    FindingLevel.WARNING: "yellow",
    FindingLevel.NOTE: "dim",
}


def show_usability(report: UsabilityReport, language: str) -> Iterator[Block]:
    """Show size, columns and findings, then the verdict, which is read first at the end of the output."""
    yield Line(text("report.title", language), "bold")
    yield from map(Line, _size_lines(report, language))
    if report.columns:
        yield _column_table(report, language)
    for finding in report.ordered():
        yield from _finding(finding, language)
    yield Line(_verdict(report, language), "bold green" if report.usable else "bold red")


def show_preview(rows: Sequence[Mapping[str, str]]) -> Table:
    """Show events as they would be stored; the columns that any of them has."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    return Table([Column(name, partial(_shown_cell, name)) for name in names], rows, boxed=False)


def _shown_cell(name: str, row: Mapping[str, str]) -> str:
    return visible(row.get(name, ""))


def _size_lines(report: UsabilityReport, language: str) -> list[str]:
    size = report.summary
    lines = [
        text(
            "report.summary.read",
            language,
            table=text(f"report.tables.{rows.table}", language),
            read=f"{rows.read:,}",
            retained=f"{rows.retained:,}",
        )
        for rows in report.tables
    ]
    if size.first is None:
        return lines
    counts = {"accounts": f"{size.accounts:,}", "events": f"{size.events:,}", "orders": f"{size.orders:,}"}
    first, last = size.first[:10], (size.last or "")[:10]
    lines.append(text("report.summary.size", language, **counts, first=first, last=last))
    gap, fours = size.gap_days, f"{size.accounts_with_four_orders:,}"
    lines.append(text("report.summary.rhythm", language, gap="–" if gap is None else gap, fours=fours))
    kinds = [f"{KIND_OF_CODE[code].named(language)} {count:,}" for code, count in report.kinds.items()]
    lines.append(text("report.summary.kinds", language, kinds=", ".join(kinds)))
    return [*lines, text("report.summary.lags", language, lags=", ".join(_lags(report, language)))]


def _lags(report: UsabilityReport, language: str) -> list[str]:
    sentences = []
    for code, lag in report.record_lags.items():
        key = "measured" if "p95_days" in lag else "assumed"
        days = f"{lag.get('p95_days', lag.get('days', 0.0)):g}"
        sentences.append(text(f"report.lag.{key}", language, kind=KIND_OF_CODE[code].named(language), days=days))
    return sentences


def _column_table(report: UsabilityReport, language: str) -> Table:
    words = Words("report.words", language)
    columns = (
        words.column("columns", lambda column: f"{column.table}.{column.column}"),
        words.column("missing", lambda column: f"{column.missing:,}", right=True),
        Column("", lambda column: share_of(column.share), right=True),
        words.column("training", lambda column: _training(column, language)),
    )
    return Table(columns, report.columns, boxed=False)


def _training(column: ColumnFill, language: str) -> str:
    if column.usable is None:
        return ""
    return text("report.words.yes" if column.usable else "report.words.no", language)


def _finding(finding: Finding, language: str) -> Iterator[Line]:
    sentence, words = sentences(finding, language), Words("report.words", language)
    level = text(f"report.levels.{finding.level}", language)
    yield Line(sentence.what, label=level, label_style=STYLES[finding.level])
    location = place_of(finding, language)
    if location:
        yield Line(f"    {location}", "dim")
    if finding.level is not FindingLevel.NOTE:
        yield Line(f"    {words('costs')}: {sentence.costs}")
        yield Line(f"    {words('todo')}: {sentence.todo}")


def _verdict(report: UsabilityReport, language: str) -> str:
    fingerprint = (report.fingerprint or "")[:12]
    if report.usable:
        key = "written" if report.written else "usable"
        return text(f"report.verdict.{key}", language, folder=report.written, fingerprint=fingerprint)
    count = sum(finding.level is FindingLevel.REFUSAL for finding in report.findings)
    key = "unusable" if report.fingerprint else "refused"
    return text(f"report.verdict.{key}", language, count=count)
