"""The events that duties read, by kind, as known before a cutoff; what each contact counts."""

from dataclasses import dataclass
from functools import partial

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from kqml.calendar.business_time import Instants
from kqml.duties.reps import DutyRep
from kqml.events import KINDS, EventKind
from kqml.history.links import targets_in
from kqml.history.retractions import NEVER, retraction_instants
from kqml.playbook import Playbook
from kqml.playbook.codes import CHANNELS

Indices = NDArray[np.int64]
Floats = NDArray[np.float64]

NOWHEN = np.iinfo(np.int64).min
"""An instant that is not given."""


@dataclass(frozen=True)
class Records:
    """Events in order of time, as columns; -1, NaN and NOWHEN stand for nothing. `account`, `rep`: places in the book.

    `row`: the place in `DutyBook.source`, where texts are. `retracted_at`: the instant after which no cutoff counts an
    event (kqml.history.retractions).
    """

    account: Indices
    kind: NDArray[np.uint8]
    occurred_at: Instants
    known_at: Instants
    rep: Indices
    minutes: Floats
    amount: Floats
    authenticity: Floats
    due_at: Instants
    row: Indices
    retracted_at: Instants

    def __len__(self) -> int:
        return len(self.kind)

    def where(self, mask: NDArray[np.bool_]) -> "Records":
        return Records(*(getattr(self, name)[mask] for name in self.__dataclass_fields__))

    def of(self, *kinds: EventKind) -> "Records":
        return self.where(np.isin(self.kind, [kind.number for kind in kinds]))

    def known_before(self, cutoff: int) -> "Records":
        """Those that had happened, were known and not retracted before the cutoff."""
        return self.where((self.known_at < cutoff) & (self.occurred_at < cutoff) & (self.retracted_at >= cutoff))


@dataclass(frozen=True)
class DutyLog:
    """`accounts`: A account ids, ascending. `reps`: every rep named anywhere, ascending. `records`: the events that
    count. `source`: their table, for texts."""

    time_zone: str
    accounts: NDArray[np.object_]
    reps: tuple[DutyRep, ...]
    records: Records
    source: pa.Table

    def texts(self, column: str, rows: Indices) -> list[str | None]:
        """The texts of a column of events."""
        if column not in self.source.column_names:
            return [None] * len(rows)
        return list(self.source[column].take(pa.array(rows, pa.int64())).to_pylist())

    def notes(self, rows: Indices) -> list[dict[str, object]]:
        """The attributes of events, read."""
        results = [orjson.loads(text) if text else {} for text in self.texts("attributes", rows)]
        return [note if isinstance(note, dict) else {} for note in results]


def records_of(events: pa.Table, names: pa.Array, people: pa.Array) -> Records:
    rows = events.num_rows
    occurred = _instants(events, "occurred_at", None)
    known = _instants(events, "known_at", occurred)
    order = np.argsort(occurred, kind="stable")
    account, kind = indices_in(events, "account_id", names), _kinds(events["kind"])
    find = partial(targets_in, events)
    retracted_at = retraction_instants(account, kind, np.maximum(occurred, known), find)
    result = Records(
        account=account,
        kind=kind,
        occurred_at=occurred,
        known_at=known,
        rep=indices_in(events, "rep_id", people),
        minutes=_floats(events, "minutes"),
        amount=_floats(events, "amount"),
        authenticity=_floats(events, "authenticity"),
        due_at=_instants(events, "due_at", np.full(rows, NOWHEN, dtype=np.int64)),
        row=np.arange(rows, dtype=np.int64),
        retracted_at=np.full(rows, NEVER) if retracted_at is None else retracted_at,
    )
    return Records(*(getattr(result, name)[order] for name in Records.__dataclass_fields__))


def indices_in(table: pa.Table, column: str, values: pa.Array) -> Indices:
    if column not in table.column_names:
        return np.full(table.num_rows, -1, dtype=np.int64)
    indices = pc.fill_null(pc.index_in(table[column].cast(pa.string()), value_set=values, skip_nulls=True), -1)
    return np.asarray(indices.to_numpy(), dtype=np.int64)


def _kinds(column: pa.ChunkedArray) -> NDArray[np.uint8]:
    codes = pa.array([kind.code for kind in KINDS], pa.string())
    return np.asarray(pc.index_in(column.cast(pa.string()), value_set=codes).to_numpy(), dtype=np.uint8)


def _instants(table: pa.Table, column: str, otherwise: Instants | None) -> Instants:
    if column not in table.column_names:
        assert otherwise is not None
        return otherwise
    plain = table[column].cast(pa.timestamp("us", tz="UTC")).cast(pa.int64())
    filled = pc.fill_null(plain, NOWHEN).to_numpy()
    return np.asarray(filled if otherwise is None else np.where(filled == NOWHEN, otherwise, filled), dtype=np.int64)


def _floats(table: pa.Table, column: str) -> Floats:
    if column not in table.column_names:
        return np.full(table.num_rows, np.nan)
    return np.asarray(table[column].cast(pa.float64()).to_numpy(), dtype=np.float64)


@dataclass(frozen=True)
class CountedContacts:
    """The contacts of each channel as known before a cutoff, in order of time; `worth`: 1 where one counts fully."""

    records: dict[str, Records]
    worth: dict[str, Floats]

    def counted(self, channel: str, interval: tuple[int, int], accounts: int) -> Floats:
        """What was counted at each account in a half-open interval of instants."""
        records, worth = self.records[channel], self.worth[channel]
        low, high = np.searchsorted(records.occurred_at, interval)
        result = np.bincount(records.account[low:high], weights=worth[low:high], minlength=accounts)
        return result.astype(np.float64)


def contacts_of(records: Records, playbook: Playbook, cutoff: int) -> CountedContacts:
    """The contacts among the records by the playbook's rules of counting."""
    rule, known = playbook.counting, records.known_before(cutoff)
    result = {channel: known.of(*rule.kinds[channel]) for channel in CHANNELS}
    return CountedContacts(result, {channel: worth_of(chosen, playbook, channel) for channel, chosen in result.items()})


def worth_of(records: Records, playbook: Playbook, channel: str) -> Floats:
    """1 where a contact is long and authentic enough, or does not say; else the share of a part contact."""
    return playbook.counting.worth(channel, records.minutes, records.authenticity)
