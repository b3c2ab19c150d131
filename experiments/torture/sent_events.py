"""What was sent, what was acknowledged: the book that the database is judged by."""

from dataclasses import dataclass, field
from typing import Any


@dataclass
class Batch:
    """Events sent as one; `acknowledged`: the service said that it has them."""

    events: list[dict[str, Any]]
    acknowledged: bool = False


@dataclass
class SentEvents:
    """Kept by one sender. `accounts`: id → (newest number acknowledged, newest sent). `states`: decision → states
    acknowledged, in order; `tried`: the state that was sent after them without an answer, if any."""

    batches: list[Batch] = field(default_factory=list)
    accounts: dict[str, tuple[int, int]] = field(default_factory=dict)
    states: dict[str, list[str]] = field(default_factory=dict)
    tried: dict[str, str] = field(default_factory=dict)
    surprises: list[str] = field(default_factory=list)

    @property
    def acknowledged_events(self) -> int:
        return sum(len(batch.events) for batch in self.batches if batch.acknowledged)
