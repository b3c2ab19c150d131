"""The findings of the usability report in words."""

from dataclasses import dataclass

from kqml.importing.findings import Finding
from kqml.importing.headers import visible
from kqml.messages import text

_SHOWN = 5


@dataclass(frozen=True)
class Sentences:
    """What was found, what that costs, what to do."""

    what: str
    costs: str
    todo: str


def sentences(finding: Finding, language: str) -> Sentences:
    """A finding's three sentences; counts and shares written for people."""
    facts = {
        "table": text(f"report.tables.{finding.table}", language),
        "column": finding.column,
        "count": f"{finding.count:,}",
        "share": share_of(finding.share),
        "code": finding.code,
        "values": shown_values(finding),
        "source": finding.source,
        **finding.facts,
    }
    if "advice" in facts:
        facts["advice"] = text(f"report.advice.{facts['advice']}", language, **facts)
    message = (
        text(f"report.findings.{finding.message}.{part}", language, **facts) for part in ("what", "costs", "todo")
    )
    return Sentences(*message)


def share_of(share: float | None) -> str:
    """A share as people write it; a small one is not rounded to nothing."""
    if share is None:
        return ""
    return "<0.1%" if 0 < share < 0.001 else f"{share:.1%}"


def shown_values(finding: Finding) -> str:
    """The first values found; what prints nothing as escapes."""
    return ", ".join(visible(value) for value in finding.values[:_SHOWN])


def place_of(finding: Finding, language: str) -> str:
    """Where it stands: the file with its first rows, the values found there."""
    rows = ", ".join(f"{row}" for row in finding.rows[:_SHOWN])
    parts = [finding.source] if finding.source else []
    if rows:
        parts.append(text("report.words.rows", language, rows=rows))
    if finding.values:
        parts.append(text("report.words.values", language, values=shown_values(finding)))
    return " · ".join(parts)
