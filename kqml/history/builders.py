"""Event logs built from what others hold: Arrow tables of events, plain records of a few accounts."""

from collections.abc import Container, Mapping, Sequence
from datetime import datetime
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from kqml.calendar.business_time import DAY_US, Instants
from kqml.errors import Fault, Refused
from kqml.events import KIND_OF_CODE, KINDS
from kqml.history.event_log import CODES, NO_DUE, VALUES, EventLog, EventNote
from kqml.history.links import links_of, notes_among, notes_in, references_among, references_in, targets_in
from kqml.history.retractions import retraction_instants

_NUMBER_OF_CODE = {kind.code: kind.number for kind in KINDS}
Instant = int | str | datetime


def event_log_from(table: pa.Table, accounts: Sequence[str] | None = None) -> EventLog:
    """The log of a table of events; its accounts are those of the events and `accounts`, ascending.

    Columns as in `kqml.dataset.tables.EVENTS`, of which account_id, occurred_at and kind are needed (text may be
    dictionary-encoded); events without `known_at` are known when they occur. Sorts what is not sorted. What refers to
    what is known where both `event_id` and `ref` are there.
    """
    code, ids = _encoded(table["account_id"])
    named = ids[np.bincount(code, minlength=len(ids)) > 0]  # a dictionary may hold more than its rows name
    names = np.array(sorted({*named.tolist(), *(accounts if accounts is not None else ())}), dtype=object)
    account = np.searchsorted(names, ids).astype(np.int32)[code] if len(ids) else np.zeros(0, np.int32)
    occurred = _instants(table["occurred_at"])
    order = _order(account, occurred, table)
    if order is not None:
        table, account, occurred = table.take(pa.array(order)), account[order], occurred[order]
    known = _instants(table["known_at"]) if "known_at" in table.column_names else occurred
    kind = _kinds(table["kind"])
    links, notes = _ties(table, account, kind)
    retracted = retraction_instants(account, kind, np.maximum(occurred, known), lambda rows: targets_in(table, rows))
    return EventLog(
        accounts=names,
        offsets=np.concatenate([[0], np.cumsum(np.bincount(account, minlength=len(names)))]).astype(np.int64),
        occurred_at=occurred,
        known_at=known,
        kind=kind,
        values={name: _floats(table[name]) for name in VALUES if name in table.column_names},
        codes={name: _encoded(table[name])[0] for name in CODES if name in table.column_names} | links,
        due_at=_dues(table["due_at"]) if "due_at" in table.column_names else None,
        notes=notes,
        retracted_at=retracted,
    )


def in_log_order(table: pa.Table) -> pa.Table:
    """The events of a table in the order of their log: by account, time and event id."""
    code, ids = _encoded(table["account_id"])
    rank = np.argsort(np.argsort(ids)).astype(np.int32)
    order = _order(rank[code] if len(ids) else code, _instants(table["occurred_at"]), table)
    return table if order is None else table.take(pa.array(order))


def _ties(
    table: pa.Table, account: NDArray[np.int32], kind: NDArray[np.uint8]
) -> tuple[dict[str, NDArray[np.int32]], tuple[EventNote, ...]]:
    """The codes of LINKS that the columns of a sorted table tell, the notes."""
    noted, notes = notes_in(table, kind) if "attributes" in table.column_names else ({}, ())
    if {"event_id", "ref"}.issubset(table.column_names):
        return noted | links_of(references_in(table, kind), account, kind), notes
    return noted, notes


def _dues(column: pa.ChunkedArray) -> Instants:
    instants = column.cast(pa.timestamp("us", tz="UTC")).cast(pa.int64())
    return np.ascontiguousarray(pc.fill_null(instants, NO_DUE).to_numpy())


def _encoded(column: pa.ChunkedArray) -> tuple[NDArray[np.int32], NDArray[np.object_]]:
    """The index of each value in the distinct values (-1 where null), the distinct values in order of appearance."""
    if not pa.types.is_dictionary(column.type):
        column = column.dictionary_encode()
    column = column.unify_dictionaries()
    if not column.num_chunks:
        return np.zeros(0, np.int32), np.zeros(0, object)
    indices = [pc.fill_null(chunk.indices.cast(pa.int32()), -1).to_numpy() for chunk in column.chunks]
    distinct = column.chunk(0).dictionary.to_numpy(zero_copy_only=False)
    return np.ascontiguousarray(np.concatenate(indices)), np.asarray(distinct, dtype=object)


def _instants(column: pa.ChunkedArray) -> Instants:
    return np.ascontiguousarray(column.cast(pa.timestamp("us", tz="UTC")).cast(pa.int64()).to_numpy())


def _floats(column: pa.ChunkedArray) -> NDArray[np.float64]:
    return np.ascontiguousarray(column.cast(pa.float64()).to_numpy(), dtype=np.float64)


def _kinds(column: pa.ChunkedArray) -> NDArray[np.uint8]:
    code, names = _encoded(column)
    unknown = [name for name in names if name not in KIND_OF_CODE]
    if unknown or (len(code) and code.min() < 0):
        faults = [Fault("events.kind", f"unknown kind {name!r}", "use a kind of the data contract") for name in unknown]
        raise Refused("The events hold kinds that do not exist.", faults)
    numbers = np.array([_NUMBER_OF_CODE[name] for name in names], dtype=np.uint8)
    return numbers[code] if len(numbers) else np.zeros(0, np.uint8)


def _order(account: NDArray[np.int32], occurred: Instants, table: pa.Table) -> NDArray[np.int64] | None:
    """The order by account, time and event id, or None where the events already stand in it."""
    step = np.diff(account)
    later = np.diff(occurred)
    tied = np.flatnonzero((step == 0) & (later == 0))
    ids = table["event_id"].cast(pa.string()) if "event_id" in table.column_names else None
    if (step >= 0).all() and (later[step == 0] >= 0).all() and not (ids is not None and _ids_fall(ids, tied)):
        return None
    keys = pa.table({"account": account, "occurred": occurred})
    if ids is not None:
        keys = keys.append_column("id", ids)
    indices = pc.sort_indices(keys, sort_keys=[(name, "ascending") for name in keys.column_names])
    return np.asarray(indices.to_numpy(), dtype=np.int64)


def _ids_fall(ids: pa.ChunkedArray, tied: NDArray[np.int64]) -> bool:
    if not len(tied):
        return False
    return bool(pc.any(pc.greater(ids.take(pa.array(tied)), ids.take(pa.array(tied + 1)))).as_py())


def event_log_of(
    histories: Mapping[str, Sequence[Mapping[str, Any]]], lag_days: Mapping[str, float] | None = None
) -> EventLog:
    """The log of histories given as plain records: account id → its events, in any order.

    A record has `occurred_at` and `kind`; the other columns of events are optional. Instants are microseconds, aware
    datetimes or ISO text with an offset; attributes a mapping or JSON text. Without `known_at` an event is known
    `lag_days` of its kind after it occurred. Trusts its input: an unknown kind is a KeyError, a naive time is read as
    the machine's.
    """
    names = sorted(histories)
    events = [event for name in names for event in histories[name]]
    kind = np.array([_NUMBER_OF_CODE[event["kind"]] for event in events], dtype=np.uint8)
    occurred = _read_instants([event["occurred_at"] for event in events])
    present = set().union(*events)
    known = _known(events, occurred, lag_days or {}, "known_at" in present)
    account = np.repeat(np.arange(len(names)), [len(histories[name]) for name in names])
    order = _record_order(account, occurred, events)
    links, notes = _record_ties(events, order, account, kind, present)
    return EventLog(
        accounts=np.array(names, dtype=object),
        offsets=np.concatenate([[0], np.cumsum(np.bincount(account, minlength=len(names)))]).astype(np.int64),
        occurred_at=occurred[order],
        known_at=known[order],
        kind=kind[order],
        values={name: _read_floats(name, events)[order] for name in VALUES if name in present},
        codes={name: _read_codes(name, events)[order] for name in CODES if name in present} | links,
        due_at=_read_dues(events)[order] if "due_at" in present else None,
        notes=notes,
        retracted_at=_retracted(events, order, account[order], kind[order], np.maximum(occurred, known)[order]),
    )


def _retracted(
    events: Sequence[Mapping[str, Any]],
    order: NDArray[np.int64],
    account: NDArray[np.int64],
    kind: NDArray[np.uint8],
    visible_at: Instants,
) -> Instants | None:
    return retraction_instants(account, kind, visible_at, lambda rows: references_among(events, order)[rows])


def _record_ties(
    events: Sequence[Mapping[str, Any]],
    order: NDArray[np.int64],
    account: NDArray[np.int64],
    kind: NDArray[np.uint8],
    present: Container[str],
) -> tuple[dict[str, NDArray[np.int32]], tuple[EventNote, ...]]:
    """The same as `_ties` for records."""
    noted, notes = notes_among(events, order) if "attributes" in present else ({}, ())
    if "ref" in present and "event_id" in present:
        return noted | links_of(references_among(events, order), account[order], kind[order]), notes
    return noted, notes


def _read_dues(events: Sequence[Mapping[str, Any]]) -> Instants:
    given = [event.get("due_at") for event in events]
    return np.array([NO_DUE if value is None else read_instant(value) for value in given], dtype=np.int64)


def read_instant(value: Instant) -> int:
    """Microseconds since the epoch of an instant given as such a number, ISO text or an aware datetime."""
    if isinstance(value, int):
        return value
    moment = value if isinstance(value, datetime) else datetime.fromisoformat(value)
    return round(moment.timestamp() * 1e6)


def _read_instants(values: Sequence[Instant]) -> Instants:
    if {str}.issuperset(map(type, values)):
        parse = datetime.fromisoformat
        return np.rint(np.array([parse(value).timestamp() for value in values]) * 1e6).astype(np.int64)  # type: ignore[arg-type]
    return np.array([read_instant(value) for value in values], dtype=np.int64)


def _known(
    events: Sequence[Mapping[str, Any]], occurred: Instants, lag_days: Mapping[str, float], text: bool
) -> Instants:
    """When each event was known: as it says, else after the lag of its kind."""
    known = occurred.copy()
    if lag_days:
        known += np.array([round(lag_days.get(event["kind"], 0.0) * DAY_US) for event in events], dtype=np.int64)
    if text:
        given = [event.get("known_at") for event in events]
        indices = [index for index, value in enumerate(given) if value is not None]
        known[indices] = _read_instants([value for value in given if value is not None])
    return known


def _record_order(account: NDArray[np.int64], occurred: Instants, events: list[Mapping[str, Any]]) -> NDArray[np.int64]:
    """The order by account, time, event id; ids are looked at only where times tie."""
    order = np.lexsort((occurred, account))
    tied = (np.diff(account[order]) == 0) & (np.diff(occurred[order]) == 0)
    return np.lexsort((_id_ranks(events), occurred, account)) if tied.any() else order


def _id_ranks(events: list[Mapping[str, Any]]) -> NDArray[np.int64]:
    ids = [event.get("event_id") or "" for event in events]
    rank = {value: index for index, value in enumerate(sorted(set(ids)))}
    return np.array([rank[value] for value in ids], dtype=np.int64)


def _read_floats(name: str, events: list[Mapping[str, Any]]) -> NDArray[np.float64]:
    return np.array([event.get(name) for event in events], dtype=np.float64)


def _read_codes(name: str, events: list[Mapping[str, Any]]) -> NDArray[np.int32]:
    codes: dict[str, int] = {}
    given = [event.get(name) for event in events]
    indices = [-1 if value is None else codes.setdefault(value, len(codes)) for value in given]
    return np.array(indices, dtype=np.int32)
