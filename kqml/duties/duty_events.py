"""The events that duties read, with the texts and the reps behind the rows of their log."""

from dataclasses import dataclass

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from kqml.duties.reps import DutyRep
from kqml.history.builders import event_log_from, in_log_order
from kqml.history.event_log import EventLog, Indices

TEXTS = ("contact_id", "rep_id", "attributes")
"""Columns of text that are read where they are needed, not coded in the log."""


@dataclass(frozen=True)
class DutyEvents:
    """`log`: the events. `source`: the same rows as a table. `reps`: every rep named anywhere, ascending; `rep`: the
    index of each event's rep among them, -1 without one."""

    log: EventLog
    source: pa.Table
    reps: tuple[DutyRep, ...]
    rep: Indices
    time_zone: str

    def texts(self, column: str, events: Indices) -> list[str | None]:
        """The texts of a column of events."""
        if column not in self.source.column_names:
            return [None] * len(events)
        return list(self.source[column].take(pa.array(events, pa.int64())).to_pylist())

    def notes(self, events: Indices) -> list[dict[str, object]]:
        """The attributes of events, read."""
        results = [orjson.loads(text) if text else {} for text in self.texts("attributes", events)]
        return [note if isinstance(note, dict) else {} for note in results]


def duty_events(events: pa.Table, accounts: pa.Array, reps: tuple[DutyRep, ...], time_zone: str) -> DutyEvents:
    """Return the events of a table with the columns of the data contract, in any order."""
    source = in_log_order(events)
    numeric = source.drop_columns([name for name in TEXTS if name in source.column_names])
    names = pa.array([rep.name for rep in reps], pa.string())
    return DutyEvents(
        event_log_from(numeric, accounts.to_pylist()), source, reps, indices_in(source, "rep_id", names), time_zone
    )


def indices_in(table: pa.Table, column: str, values: pa.Array) -> NDArray[np.int64]:
    """Return per row the index of its value among `values`, -1 where it is none of them."""
    if column not in table.column_names:
        return np.full(table.num_rows, -1, dtype=np.int64)
    indices = pc.fill_null(pc.index_in(table[column].cast(pa.string()), value_set=values, skip_nulls=True), -1)
    return np.asarray(indices.to_numpy(), dtype=np.int64)
