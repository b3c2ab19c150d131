"""Rows of the database in the types of the contract."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Generic, TypeVar

import orjson

from kqml.calendar.business_time import moment_of

Row = Mapping[str, Any]
Item = TypeVar("Item")
INSTANTS = frozenset(
    {
        "updated_at",
        "erased_at",
        "at",
        "known_at",
        "recorded_at",
        "changed_at",
        "cutoff",
        "scored_at",
        "as_of",
        "before_as_of",
    }
)
JSON = frozenset(
    {"attributes", "absences", "eligible", "blocked", "features", "receipt", "outcome", "reasons", "warnings"}
)
"""Columns of JSON text; `eligible` is a list in decisions, but a boolean in scores."""


def contract_fields(row: Row, names: Iterable[str], time_zone: str) -> dict[str, Any]:
    """Return the columns named: instants and days as ISO text, JSON parsed."""
    return {name: _contract_value(name, row[name], time_zone) for name in names}


def _contract_value(name: str, value: Any, time_zone: str) -> Any:
    if value is None:
        return None
    if name in INSTANTS:
        return moment_of(value, time_zone).isoformat()
    if name in JSON and isinstance(value, str):
        return orjson.Fragment(value)
    return value.isoformat() if isinstance(value, date) else value


def stored_row(facts: Row) -> dict[str, Any]:
    """Return the fields of a record as the database stores them: JSON as text."""
    return {name: as_text(value) if name in JSON and value is not None else value for name, value in facts.items()}


def as_text(value: Any) -> str:
    """Return the JSON text that the database stores; integers of any size stay exact, which orjson cannot write."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True)


@dataclass(frozen=True)
class ContractPage(Generic[Item]):
    """Items of one page in a shape of the contract; `last`: the key that the next page follows, None at the end."""

    items: list[Item]
    last: tuple[Any, ...] | None


def contract_page(
    rows: Sequence[Row], limit: int, key: Sequence[str], shape: Callable[[Row], Item]
) -> ContractPage[Item]:
    """Return the first `limit` of the rows read (one more than `limit` where another page follows)."""
    page = rows[:limit]
    last = tuple(page[-1][name] for name in key) if len(rows) > limit else None
    return ContractPage([shape(row) for row in page], last)
