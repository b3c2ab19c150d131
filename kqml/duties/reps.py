"""The reps of a company with the days on which each of them is there."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import orjson
import pyarrow as pa
from numpy.typing import NDArray

from kqml.duties.period import day_number
from kqml.errors import Fault, Refused

ALWAYS = (-(2**31), 2**31)


@dataclass(frozen=True)
class DutyRep:
    """`employed`, `absences`: half-open pairs of local days since 1970; ALWAYS where nothing is known."""

    name: str
    employed: tuple[int, int] = ALWAYS
    absences: tuple[tuple[int, int], ...] = ()

    def employed_on(self, days: NDArray[np.int64]) -> NDArray[np.bool_]:
        """For each day: employed?"""
        return (days >= self.employed[0]) & (days < self.employed[1])

    def absent(self, days: NDArray[np.int64]) -> NDArray[np.bool_]:
        """For each day: is the rep on leave?"""
        away = np.zeros(len(days), dtype=np.bool_)
        for start, end in self.absences:
            away |= (days >= start) & (days < end)
        return away


def reps_of(table: pa.Table, others: pa.Array) -> tuple[DutyRep, ...]:
    """The reps of the table, with those that are only named elsewhere, by name.

    Raises Refused with every rep whose absences cannot be read.
    """
    rows = table.to_pylist()
    if faults := [fault for row in rows for fault in _faults(row)]:
        raise Refused("The table of reps cannot be used.", faults)
    known = {row["rep_id"]: _rep(row) for row in rows}
    names = sorted({*known, *others.to_pylist()})
    return tuple(known.get(name, DutyRep(name)) for name in names)


def _faults(row: dict[str, Any]) -> list[Fault]:
    try:
        _absences(row.get("absences"))
    except (ValueError, TypeError):
        where, todo = f"reps.absences of {row['rep_id']}", "give pairs of ISO dates: [[start, end], …]"
        return [Fault(where, f"{row['absences']!r} is no list of absences", todo)]
    return []


def _rep(row: dict[str, Any]) -> DutyRep:
    started, left = row.get("started_on"), row.get("left_on")
    employed = (ALWAYS[0] if started is None else day_number(started), ALWAYS[1] if left is None else day_number(left))
    return DutyRep(row["rep_id"], employed, _absences(row.get("absences")))


def _absences(text: str | None) -> tuple[tuple[int, int], ...]:
    """`[[start, end], …]`, ISO dates, the end not included."""
    pairs: Sequence[Sequence[str]] = orjson.loads(text) if text else []
    return tuple((day_number(date.fromisoformat(start)), day_number(date.fromisoformat(end))) for start, end in pairs)


def absences(reps: Sequence[DutyRep], days: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Reps × days, with a last row for nobody, who is never away: what nobody is in charge of stays owed."""
    return np.stack([*(rep.absent(days) for rep in reps), np.zeros(len(days), dtype=np.bool_)])


def employment(reps: Sequence[DutyRep], days: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Reps × days on which each is employed, with the same last row."""
    return np.stack([*(rep.employed_on(days) for rep in reps), np.ones(len(days), dtype=np.bool_)])
