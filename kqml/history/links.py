"""What ties the events of a log together: which event refers to which, what their attributes say."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from kqml.events import KINDS, EventKind
from kqml.history.closings import CLOSED_BY, CLOSING
from kqml.history.event_log import CLOSES, NOTE, NOTED, OPENS, EventNote

Codes = NDArray[np.int32]
Kinds = NDArray[np.uint8]

_MAY_CLOSE = np.zeros((len(KINDS), len(KINDS)), dtype=np.bool_)
for _opening, _closing in CLOSED_BY.items():
    _MAY_CLOSE[_opening.number, [kind.number for kind in _closing]] = True


def references_in(table: pa.Table, kind: Kinds) -> NDArray[np.int64]:
    """Per event of a table in the log's order the index of the one that it closes, -1 where there is none."""
    opener = np.full(len(kind), -1, dtype=np.int64)
    opening, closing = _indices(kind, CLOSED_BY), _indices(kind, CLOSING)
    if len(opening) and len(closing):
        ids, refs = (_texts_at(table[name], rows) for name, rows in (("event_id", opening), ("ref", closing)))
        result = pc.index_in(refs, value_set=ids, skip_nulls=True)
        index = pc.fill_null(result, -1).to_numpy(zero_copy_only=False)
        opener[closing[index >= 0]] = opening[index[index >= 0]]
    return opener


def _texts_at(column: pa.ChunkedArray, rows: NDArray[np.int64]) -> pa.Array:
    return column.take(pa.array(rows)).cast(pa.string()).combine_chunks()


def targets_in(table: pa.Table, rows: NDArray[np.int64]) -> NDArray[np.int64]:
    """Per row of a table the index of the event that it refers to, -1 where there is none."""
    if not {"event_id", "ref"}.issubset(table.column_names):
        return np.full(len(rows), -1, dtype=np.int64)
    refs, ids = table["ref"].take(pa.array(rows)).cast(pa.string()), table["event_id"].cast(pa.string())
    index = pc.index_in(refs.combine_chunks(), value_set=ids.combine_chunks(), skip_nulls=True)
    return np.asarray(pc.fill_null(index, -1).to_numpy(zero_copy_only=False), dtype=np.int64)


def references_among(events: Sequence[Mapping[str, Any]], order: NDArray[np.int64]) -> NDArray[np.int64]:
    """The same for plain records, `order`: the index among `events` of each event of the log."""
    at = {events[record].get("event_id"): index for index, record in enumerate(order.tolist())}
    refs = (events[record].get("ref") for record in order.tolist())
    return np.array([-1 if ref is None else at.get(ref, -1) for ref in refs], dtype=np.int64)


def links_of(opener: NDArray[np.int64], account: NDArray[np.integer], kind: Kinds) -> dict[str, Codes]:
    """OPENS and CLOSES of a log's events from the index of what each refers to; references to another account's event,
    or to one that its kind does not close, count for nothing."""
    closing = np.flatnonzero(opener >= 0)
    closing = closing[account[closing] == account[opener[closing]]]
    closing = closing[_MAY_CLOSE[kind[opener[closing]], kind[closing]]]
    opened, inverse = np.unique(opener[closing], return_inverse=True)
    firsts = np.searchsorted(account[opened], account[opened], side="left")
    numbers = np.arange(len(opened)) - firsts
    opens, closes = np.full(len(kind), -1, dtype=np.int32), np.full(len(kind), -1, dtype=np.int32)
    opens[opened], closes[closing] = numbers, numbers[inverse]
    return {OPENS: opens, CLOSES: closes}


def notes_in(table: pa.Table, kind: Kinds) -> tuple[dict[str, Codes], tuple[EventNote, ...]]:
    """NOTE of a table's events, the distinct notes; each distinct text is read once."""
    rows = _indices(kind, NOTED)
    texts = table["attributes"].take(pa.array(rows)).cast(pa.string()).combine_chunks().dictionary_encode()
    notes = [_note(_read(text)) for text in texts.dictionary.to_pylist()]
    indices = pc.fill_null(texts.indices, -1).to_numpy(zero_copy_only=False)
    return _coded(rows, [notes[index] if index >= 0 else EventNote() for index in indices.tolist()], len(kind))


def notes_among(
    events: Sequence[Mapping[str, Any]], order: NDArray[np.int64]
) -> tuple[dict[str, Codes], tuple[EventNote, ...]]:
    """The same for plain records, whose attributes are JSON text or read already."""
    chosen = [events[record] for record in order.tolist()]
    rows = [index for index, event in enumerate(chosen) if event.get("attributes") and event["kind"] in _NOTED_CODES]
    notes = [_note(_read(chosen[index]["attributes"])) for index in rows]
    return _coded(np.array(rows, dtype=np.int64), notes, len(events))


def notes_of(texts: Mapping[int, str], kind: Kinds) -> tuple[dict[str, Codes], tuple[EventNote, ...]]:
    """The same for JSON texts by the indices of their events in the log."""
    rows = [index for index in texts if KINDS[kind[index]] in NOTED]
    return _coded(np.array(rows, dtype=np.int64), [_note(_read(texts[index])) for index in rows], len(kind))


_NOTED_CODES = frozenset(kind.code for kind in NOTED)


def _read(attributes: Any) -> Mapping[str, Any]:
    read = orjson.loads(attributes) if isinstance(attributes, str) else attributes
    return read if isinstance(read, Mapping) else {}


def _note(attributes: Mapping[str, Any]) -> EventNote:
    """What a note keeps of the attributes of an event."""
    topic, fields = attributes.get("topic"), attributes.get("fields")
    names = fields if isinstance(fields, list) else []
    return EventNote(topic if isinstance(topic, str) else None, tuple(name for name in names if isinstance(name, str)))


def _coded(
    rows: NDArray[np.int64], notes: Sequence[EventNote], events: int
) -> tuple[dict[str, Codes], tuple[EventNote, ...]]:
    indices: dict[EventNote, int] = {}
    codes = np.full(events, -1, dtype=np.int32)
    codes[rows] = [-1 if note == EventNote() else indices.setdefault(note, len(indices)) for note in notes]
    return {NOTE: codes}, tuple(indices)


def _indices(kind: Kinds, kinds: Mapping[EventKind, Any] | frozenset[EventKind]) -> NDArray[np.int64]:
    wanted = np.zeros(len(KINDS), dtype=np.bool_)
    wanted[[kind.number for kind in kinds]] = True
    return np.flatnonzero(wanted[kind])
