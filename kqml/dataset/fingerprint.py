"""The fingerprint of a dataset: sha256 over its rows in key order, whatever files they are spread over."""

import hashlib
from collections.abc import Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc


class TableHash:
    """Hashes a table that arrives in pieces, however it was cut.

    A column that is absent, or has no values, does not enter; a piece without a column counts as rows without values.
    """

    def __init__(self) -> None:
        self._columns: dict[str, _ColumnHash] = {}
        self._rows = 0

    def update(self, piece: pa.Table | pa.RecordBatch) -> None:
        for name in piece.schema.names:
            column = piece.column(name)
            hashed = self._columns.setdefault(name, _ColumnHash(column.type))
            hashed.add_absent(self._rows)
            for chunk in column.chunks if isinstance(column, pa.ChunkedArray) else [column]:
                hashed.update(chunk)
        self._rows += piece.num_rows

    def digest(self) -> str:
        whole = hashlib.sha256(str(self._rows).encode())
        for name in sorted(self._columns):
            if self._columns[name].has_values:
                self._columns[name].add_absent(self._rows)
                whole.update(name.encode() + b"\0" + self._columns[name].digest())
        return whole.hexdigest()


class _ColumnHash:
    def __init__(self, type_: pa.DataType) -> None:
        self._parts = [hashlib.sha256() for _ in range(3)]
        self._type = type_
        self._rows = 0
        self.has_values = False

    def add_absent(self, until: int) -> None:
        """Count the rows up to the number `until` that came without this column as rows without values."""
        if until > self._rows:
            self.update(pa.nulls(until - self._rows, self._type))

    def update(self, chunk: pa.Array) -> None:
        self._rows += len(chunk)
        valid = chunk.is_valid().to_numpy(zero_copy_only=False)
        self.has_values |= bool(valid.any())
        self._parts[0].update(np.ascontiguousarray(valid, dtype=np.uint8).data)
        for part, values in zip(self._parts[1:], _bytes_of(chunk), strict=False):
            part.update(values)

    def digest(self) -> bytes:
        return b"".join(part.digest() for part in self._parts)


def _bytes_of(chunk: pa.Array) -> list[memoryview | bytes]:
    """The values as bytes that depend on nothing else: fixed widths, or lengths with the text itself."""
    if not pa.types.is_string(chunk.type):
        values = pc.fill_null(_plain(chunk), 0).to_numpy(zero_copy_only=False)
        return [np.ascontiguousarray(values + values.dtype.type(0)).data.cast("B")]  # -0.0 is 0.0, as in a database
    filled = pc.fill_null(chunk, "")
    if not len(filled):
        return []
    _, offsets, data = filled.buffers()
    ends = np.frombuffer(offsets, dtype=np.int32)[filled.offset : filled.offset + len(filled) + 1]
    text = b"" if data is None else memoryview(data)[ends[0] : ends[-1]]
    return [np.ascontiguousarray(np.diff(ends)).data.cast("B"), text]


def _plain(chunk: pa.Array) -> pa.Array:
    if pa.types.is_timestamp(chunk.type):
        return chunk.cast(pa.int64())
    return chunk.cast(pa.int32()) if pa.types.is_date32(chunk.type) else chunk


def fingerprint_of(tables: Mapping[str, TableHash]) -> str:
    """The fingerprint of a dataset from the hashes of its tables; an empty table counts as none."""
    whole = hashlib.sha256()
    for name in sorted(tables):
        whole.update(f"{name}:{tables[name].digest()}\n".encode())
    return whole.hexdigest()
