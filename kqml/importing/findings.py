"""What the data usability report says: findings with their level, counts, places."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class FindingLevel(StrEnum):
    """How serious a finding is; one refusal makes the data unusable."""

    REFUSAL = "refusal"
    LEFT_OUT = "left_out"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True)
class Finding:
    """One thing found. `message`: its sentences under `report.findings`; `code`: what `[tolerate]` calls it, or the
    same word. `share` of the table's rows or accounts, `rows` and `values` the first examples, `facts` for the words.
    """

    message: str
    level: FindingLevel
    table: str
    column: str = ""
    count: int = 0
    share: float | None = None
    source: str = ""
    rows: tuple[int, ...] = ()
    values: tuple[str, ...] = ()
    facts: Mapping[str, Any] = field(default_factory=dict)

    @property
    def code(self) -> str:
        return f"{self.message}_{self.column}" if self.column else self.message
