"""The data usability report as a value: what was read, what was found, what the data are good for."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from kqml.importing.findings import Finding, FindingLevel
from kqml.importing.wording import sentences


@dataclass(frozen=True)
class TableRows:
    """`read` from the sources before anything was left out or summed, `retained` in the dataset."""

    table: str
    read: int
    retained: int


@dataclass(frozen=True)
class ColumnFill:
    """How much of a column is there. `usable`, `why`: whether training may use it, for account columns."""

    table: str
    column: str
    missing: int
    share: float
    usable: bool | None = None
    why: str = ""


@dataclass(frozen=True)
class Summary:
    """The size of the data; instants in the business time zone. `gap_days`: median over accounts of the mean gap
    between their orders."""

    accounts: int
    events: int
    orders: int
    first: str | None
    last: str | None
    gap_days: float | None
    accounts_with_one_event: int
    accounts_with_four_orders: int


@dataclass(frozen=True)
class UsabilityReport:
    """Everything `kqml import` and `kqml check` say. `written`: the folder, or None where nothing was written."""

    summary: Summary
    tables: tuple[TableRows, ...]
    columns: tuple[ColumnFill, ...]
    kinds: Mapping[str, int]
    record_lags: Mapping[str, Mapping[str, float]]
    findings: tuple[Finding, ...]
    written: str | None = None
    fingerprint: str | None = None

    @property
    def usable(self) -> bool:
        return all(finding.level is not FindingLevel.REFUSAL for finding in self.findings)

    def ordered(self) -> list[Finding]:
        """The findings, the most serious first."""
        return sorted(self.findings, key=lambda finding: list(FindingLevel).index(finding.level))

    def to_dict(self, language: str) -> dict[str, Any]:
        """The report as plain values for JSON, its findings with their sentences."""
        plain = asdict(self) | {"usable": self.usable}
        plain["findings"] = [_plain(finding, language) for finding in self.ordered()]
        return plain


def _plain(finding: Finding, language: str) -> dict[str, Any]:
    text = sentences(finding, language)
    plain = asdict(finding) | {"code": finding.code, "level": finding.level.value}
    return plain | {"what": text.what, "costs": text.costs, "todo": text.todo}
