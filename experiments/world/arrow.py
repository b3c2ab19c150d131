"""Entries of the journal become record batches of the events table."""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from experiments.world.draws import Flags, Indices
from experiments.world.journal import CHANNELS, NOTES, Entries
from experiments.world.scene import HOLDERS
from kqml.dataset.tables import EVENTS
from kqml.events import KINDS, EventKind

ACCOUNT_DIGITS, NUMBER_DIGITS = 7, 6
INSTANT = EVENTS.field("occurred_at").type


def digits(prefix: str, *parts: tuple[Indices, int], valid: Flags | None = None) -> pa.Array:
    """Texts of one width: a prefix, then numbers with leading zeros; null where not `valid`."""
    count, width = len(parts[0][0]), len(prefix) + sum(room for _, room in parts)
    table = np.empty((count, width), dtype=np.uint8)
    table[:, : len(prefix)] = np.frombuffer(prefix.encode(), dtype=np.uint8)
    column = len(prefix)
    for numbers, room in parts:
        rest = np.asarray(numbers, dtype=np.int64)
        for index in reversed(range(column, column + room)):
            rest, digit = np.divmod(rest, 10)
            table[:, index] = 48 + digit
        column += room
    offsets = np.arange(count + 1, dtype=np.int32) * width
    mask = None if valid is None else pa.py_buffer(np.packbits(valid, bitorder="little").tobytes())
    return pa.Array.from_buffers(pa.string(), count, [mask, pa.py_buffer(offsets), pa.py_buffer(table)])


def account_ids(numbers: Indices) -> pa.Array:
    return digits("S", (numbers, ACCOUNT_DIGITS))


def rep_ids(codes: Indices) -> pa.Array:
    """R, the seat, a dash, the holder; null where the code is −1."""
    codes = np.asarray(codes, dtype=np.int64)
    seats = pa.array(digits("R", (np.maximum(codes, 0) // HOLDERS, 4), valid=codes >= 0))
    holders = digits("-", (np.maximum(codes, 0) % HOLDERS, 2))
    return _glued(seats, holders)


def contact_ids(account: Indices, contact: NDArray[np.int32]) -> pa.Array:
    return digits("P", (account, ACCOUNT_DIGITS), (np.maximum(contact, 0), 1), valid=contact >= 0)


def events_batch(entries: Entries, numbers: Indices) -> pa.RecordBatch:
    """The entries as a batch; `numbers`: the numbers of the block's accounts."""
    account = numbers[entries.account]
    columns = {
        "event_id": digits("E", (account, ACCOUNT_DIGITS), (entries.number, NUMBER_DIGITS)),
        "account_id": account_ids(account),
        "occurred_at": pa.array(entries.occurred_at).cast(INSTANT),
        "known_at": pa.array(entries.known_at).cast(INSTANT),
        "kind": _words([kind.code for kind in KINDS], entries.kind.astype(np.int32)),
        **{name: pa.array(column, mask=np.isnan(column)) for name, column in entries.numbers.items()},
        "rep_id": rep_ids(entries.codes["rep"].astype(np.int64)),
        "contact_id": contact_ids(account, entries.codes["contact"]),
        "channel": _words(CHANNELS, entries.codes["channel"]),
        "due_at": pa.array(entries.due_at, mask=entries.due_at < 0).cast(INSTANT),
        "ref": _refs(entries, account),
        "attributes": _words(NOTES, entries.codes["note"]),
    }
    names = [name for name in EVENTS.names if name in columns]
    return pa.record_batch([columns[name] for name in names], names=names)


def _refs(entries: Entries, account: Indices) -> pa.Array:
    """A transfer refers to the successor, which is the next account; everything else to an event of the account."""
    own = digits("E", (account, ACCOUNT_DIGITS), (np.maximum(entries.ref, 0), NUMBER_DIGITS), valid=entries.ref >= 0)
    moved = entries.kind == EventKind.ACCOUNT_TRANSFERRED.number
    if not moved.any():
        return own
    texts = np.array(own.to_pylist(), dtype=object)
    texts[moved] = account_ids(account[moved] + 1).to_pylist()
    return pa.array(texts, pa.string())


def _words(words: Sequence[str], codes: NDArray[np.int32]) -> pa.Array:
    coded = pa.DictionaryArray.from_arrays(pa.array(codes, mask=codes < 0), pa.array(list(words)))
    return coded.cast(pa.string())


def _glued(left: pa.Array, right: pa.Array) -> pa.Array:
    from pyarrow import compute

    return compute.binary_join_element_wise(left, right, "")
