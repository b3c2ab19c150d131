"""The feature rows of a planned week, on disk or in memory."""

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from kqml.dataset.tables import NUMBER, TEXT
from models.policy.allocation.problem import Floats, Indices
from models.policy.planning.decision_rows import decision_ids

FEATURES = "decision_features.parquet"


class FeatureRows:
    """Collects the feature rows of a pass on disk, in chunks."""

    def __init__(self, path: Path, account_ids: NDArray[np.object_], week: str, columns: tuple[str, ...]) -> None:
        self.path = path
        self._ids, self._week, self._columns = account_ids, week, columns
        self._schema = pa.schema({"decision_id": TEXT, **dict.fromkeys(columns, NUMBER)})
        self._writer = pq.ParquetWriter(path, self._schema, compression="zstd")

    def __call__(self, accounts: Indices, values: Floats) -> None:
        ids = pa.array(decision_ids(self._ids[accounts], self._week), TEXT)
        columns = [pa.array(np.ascontiguousarray(column)) for column in values.T]
        self._writer.write_table(pa.table([ids, *columns], schema=self._schema))

    def close(self) -> None:
        self._writer.close()


class FeatureMatrix:
    """Collects the feature rows of a pass in memory. `values` (n, F): NaN without a row."""

    def __init__(self, accounts: int, columns: tuple[str, ...]) -> None:
        self.columns = columns
        self.values = np.full((accounts, len(columns)), np.nan)
        self.known = np.zeros(accounts, dtype=np.bool_)

    def __call__(self, accounts: Indices, values: Floats) -> None:
        self.values[accounts] = values
        self.known[accounts] = True


@contextmanager
def feature_rows(
    folder: Path | None, account_ids: NDArray[np.object_], week: str, columns: tuple[str, ...]
) -> Iterator[FeatureRows | None]:
    """Open a temporary file for the week's feature rows beside the log, or yield None without a log."""
    if folder is None:
        yield None
        return
    folder.mkdir(parents=True, exist_ok=True)
    draft = folder / f".{FEATURES}.{os.getpid()}"
    rows = FeatureRows(draft, account_ids, week, columns)
    try:
        yield rows
    finally:
        rows.close()
        draft.unlink(missing_ok=True)


def row_fingerprint(columns: tuple[str, ...], row: Floats) -> str:
    """Return the sha256 of the names and bits of one feature row."""
    digest = hashlib.sha256("\x1f".join(columns).encode())
    digest.update(np.ascontiguousarray(row, dtype=np.float64).tobytes())
    return digest.hexdigest()


def fingerprint(features: pa.Table) -> str:
    """Return the sha256 of the names and bits of feature rows."""
    digest = hashlib.sha256("\x1f".join(features.column_names).encode())
    for name in features.column_names[1:]:
        digest.update(features[name].to_numpy().tobytes())
    return digest.hexdigest()
