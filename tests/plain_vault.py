"""A vault that hides nothing, for tests that look at what is kept."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection


class PlainVault:
    """Leaves rows as they are."""

    def seal(self, connection: Connection, records: Sequence[Mapping[str, Any]]) -> Sequence[Mapping[str, Any]]:
        return records

    def open(self, connection: Connection, rows: Sequence[Mapping[str, Any]]) -> Sequence[Mapping[str, Any]]:
        return rows
