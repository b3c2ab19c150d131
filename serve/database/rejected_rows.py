"""Rows that the database does not take, each with why."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class ItemFault:
    """One row: its place among those given, the column, what is wrong with it."""

    place: int
    column: str
    what: str


class RejectedRows(Exception):
    """Raised inside a writing block, so that nothing of the whole is kept."""

    def __init__(self, faults: Sequence[ItemFault]) -> None:
        super().__init__(f"{len(faults)} rows")
        self.faults = tuple(faults)
