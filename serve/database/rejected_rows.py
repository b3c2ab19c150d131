"""Rows that the database rejects, each with the reason."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class ItemFault:
    """One row: its index among those given, the column, the fault."""

    index: int
    column: str
    what: str


class RejectedRows(Exception):
    """Raised inside a writing transaction, so that nothing is written."""

    def __init__(self, faults: Sequence[ItemFault]) -> None:
        super().__init__(f"{len(faults)} rows")
        self.faults = tuple(faults)
