"""The data usability report as a value: what was read, what was found, what the data are good for."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from typing_extensions import TypedDict

from kqml.contract.fields import Count, Fingerprint, PositiveInteger, Share, TableName
from kqml.dataset.info import RecordLag
from kqml.importing.findings import Finding, FindingLevel
from kqml.importing.wording import sentences


@dataclass(frozen=True)
class TableRows:
    """`read` from the sources before anything was left out or summed, `retained` in the dataset."""

    table: TableName
    read: Count
    retained: Count


@dataclass(frozen=True)
class ColumnFill:
    """How much of a column is there. `usable`, `why`: whether training may use it, for account columns."""

    table: TableName
    column: str
    missing: Count
    share: Share
    usable: bool | None = None
    why: str = ""


@dataclass(frozen=True)
class Summary:
    """The size of the data; instants in the business time zone. `gap_days`: median over accounts of the mean gap
    between their orders."""

    accounts: Count
    events: Count
    orders: Count
    first: str | None
    last: str | None
    gap_days: float | None
    accounts_with_one_event: Count
    accounts_with_four_orders: Count


class DescribedFinding(TypedDict):
    """A finding with its sentences. `costs`: what it costs; `todo`: what to do about it."""

    message: str
    level: FindingLevel
    table: TableName
    column: str
    count: Count
    share: Share | None
    source: str
    rows: tuple[PositiveInteger, ...]
    values: tuple[str, ...]
    facts: Mapping[str, Any]
    code: str
    what: str
    costs: str
    todo: str


class DescribedReport(TypedDict):
    """The data usability report in one language. `kinds`: events by kind; `written`: the folder, or null."""

    summary: Summary
    tables: tuple[TableRows, ...]
    columns: tuple[ColumnFill, ...]
    kinds: Mapping[str, Count]
    record_lags: Mapping[str, RecordLag]
    findings: list[DescribedFinding]
    written: str | None
    fingerprint: Fingerprint | None
    usable: bool


class PreviewedReport(DescribedReport):
    """The data usability report of a dry run. `preview`: the first events as they would be stored."""

    preview: tuple[Mapping[str, str], ...]


@dataclass(frozen=True)
class UsabilityReport:
    """Everything `kqml import` and `kqml check` say. `written`: the folder, or None where nothing was written.
    `preview`: the first events as they would be stored, where they were asked for."""

    summary: Summary
    tables: tuple[TableRows, ...]
    columns: tuple[ColumnFill, ...]
    kinds: Mapping[str, int]
    record_lags: Mapping[str, RecordLag]
    findings: tuple[Finding, ...]
    written: str | None = None
    fingerprint: str | None = None
    preview: tuple[Mapping[str, str], ...] = ()

    @property
    def usable(self) -> bool:
        return all(finding.level is not FindingLevel.REFUSAL for finding in self.findings)

    def ordered(self) -> list[Finding]:
        """The findings, the most serious first."""
        return sorted(self.findings, key=lambda finding: list(FindingLevel).index(finding.level))

    def describe(self, language: str) -> DescribedReport:
        """Return the report with the sentences of its findings, the most serious finding first."""
        return DescribedReport(
            summary=self.summary,
            tables=self.tables,
            columns=self.columns,
            kinds=self.kinds,
            record_lags=self.record_lags,
            findings=[_described(finding, language) for finding in self.ordered()],
            written=self.written,
            fingerprint=self.fingerprint,
            usable=self.usable,
        )


def _described(finding: Finding, language: str) -> DescribedFinding:
    text = sentences(finding, language)
    return DescribedFinding(
        message=finding.message,
        level=finding.level,
        table=finding.table,
        column=finding.column,
        count=finding.count,
        share=finding.share,
        source=finding.source,
        rows=finding.rows,
        values=finding.values,
        facts=finding.facts,
        code=finding.code,
        what=text.what,
        costs=text.costs,
        todo=text.todo,
    )
