"""Findings: each kind of wrong answer once, with how to reproduce it."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

SHOWN = 1_500
"""Characters of an example."""


@dataclass(frozen=True)
class FuzzFinding:
    """One wrong answer. `operation`: method and address; `what`: the kind, without ids or values."""

    operation: str
    what: str
    example: str


@dataclass
class FindingCounts:
    """Requests answered, by status; findings, of each kind the first with how many more."""

    statuses: Counter[int] = field(default_factory=Counter)
    findings: dict[tuple[str, str], FuzzFinding] = field(default_factory=dict)
    times: Counter[tuple[str, str]] = field(default_factory=Counter)

    @property
    def requests(self) -> int:
        return self.statuses.total()

    def count(self, status: int) -> None:
        self.statuses[status] += 1

    def add(self, finding: FuzzFinding) -> None:
        kind = finding.operation, finding.what
        self.findings.setdefault(kind, finding)
        self.times[kind] += 1

    def summary(self) -> dict[str, Any]:
        return {
            "requests": self.requests,
            "statuses": {str(status): self.statuses[status] for status in sorted(self.statuses)},
            "findings": [self._summary_of(finding) for finding in self.findings.values()],
        }

    def _summary_of(self, finding: FuzzFinding) -> dict[str, Any]:
        times = self.times[finding.operation, finding.what]
        return {
            "operation": finding.operation,
            "what": finding.what,
            "times": times,
            "example": finding.example[:SHOWN],
        }
