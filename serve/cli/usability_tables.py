"""The data usability report on a terminal."""

from rich.console import Console
from rich.table import Table
from rich.text import Text

from kqml.events import KIND_OF_CODE
from kqml.importing.findings import Finding, FindingLevel
from kqml.importing.report import ColumnFill, UsabilityReport
from kqml.importing.wording import place_of, sentences, share_of
from kqml.messages import text

STYLES = {
    FindingLevel.REFUSAL: "bold red",
    FindingLevel.LEFT_OUT: "yellow",
    FindingLevel.WARNING: "yellow",
    FindingLevel.NOTE: "dim",
}


def print_report(console: Console, report: UsabilityReport, language: str) -> None:
    """Size, columns, findings, verdict – the verdict last, where the eye is."""
    console.print(Text(text("report.title", language), style="bold"))
    for line in _size_lines(report, language):
        console.print(Text(line))
    if report.columns:
        console.print(_column_table(report, language))
    for finding in report.ordered():
        _print_finding(console, finding, language)
    style = "bold green" if report.usable else "bold red"
    console.print(Text(_verdict(report, language), style=style))


def _size_lines(report: UsabilityReport, language: str) -> list[str]:
    size = report.summary
    lines = [
        text(
            "report.summary.read",
            language,
            table=text(f"report.tables.{rows.table}", language),
            read=f"{rows.read:,}",
            kept=f"{rows.kept:,}",
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
    message = []
    for code, lag in report.record_lags.items():
        key = "measured" if "p95_days" in lag else "assumed"
        days = f"{lag.get('p95_days', lag.get('days', 0.0)):g}"
        message.append(text(f"report.lag.{key}", language, kind=KIND_OF_CODE[code].named(language), days=days))
    return message


def _column_table(report: UsabilityReport, language: str) -> Table:
    table = Table(text("report.words.columns", language), box=None, header_style="bold")
    table.add_column(text("report.words.missing", language), justify="right")
    table.add_column("", justify="right")
    table.add_column(text("report.words.training", language))
    for column in report.columns:
        name = f"{column.table}.{column.column}"
        table.add_row(name, f"{column.missing:,}", share_of(column.share), _training(column, language))
    return table


def _training(column: ColumnFill, language: str) -> str:
    if column.usable is None:
        return ""
    return text("report.words.yes" if column.usable else "report.words.no", language)


def _print_finding(console: Console, finding: Finding, language: str) -> None:
    message = sentences(finding, language)
    head = Text(f"{text(f'report.levels.{finding.level}', language)} ", style=STYLES[finding.level])
    console.print(head + Text(message.what, style="default"))
    place = place_of(finding, language)
    if place:
        console.print(Text(f"    {place}", style="dim"))
    if finding.level is not FindingLevel.NOTE:
        console.print(Text(f"    {text('report.words.costs', language)}: {message.costs}"))
        console.print(Text(f"    {text('report.words.todo', language)}: {message.todo}"))


def _verdict(report: UsabilityReport, language: str) -> str:
    fingerprint = (report.fingerprint or "")[:12]
    if report.usable:
        key = "written" if report.written else "usable"
        return text(f"report.verdict.{key}", language, folder=report.written, fingerprint=fingerprint)
    count = sum(finding.level is FindingLevel.REFUSAL for finding in report.findings)
    key = "unusable" if report.fingerprint else "refused"
    return text(f"report.verdict.{key}", language, count=count)
