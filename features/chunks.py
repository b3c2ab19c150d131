"""Reading of a dataset by chunks of accounts, so that memory does not grow with the history."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from kqml.dataset.folder import Dataset, DatasetInfo, event_log_from
from kqml.errors import CouldNot
from kqml.history.event_log import CODES, EventLog

KEYS = ("account_id", "occurred_at", "known_at", "kind")
EVENTS = 65_536
"""Events of a chunk, give or take one account."""

ENCODED = ("account_id", "kind", "attributes", *CODES)


@dataclass(frozen=True)
class Chunk:
    """Neighbouring accounts with all their events; it behaves as a dataset of these accounts only.

    `described`: all accounts of the dataset by id; `ids`: those of this chunk.
    """

    info: DatasetInfo
    table: pa.Table
    described: pd.DataFrame
    ids: NDArray[np.object_]

    def event_log(self) -> EventLog:
        return self._log

    @cached_property
    def _log(self) -> EventLog:
        return event_log_from(self.table, self.ids.tolist())

    def accounts(self) -> pd.DataFrame:
        """Return one row for each account of the log, in its order; accounts without a row have missing values."""
        return self.described.reindex(self.event_log().accounts)

    def events(self, columns: Iterable[str]) -> pa.Table:
        return self.table.select([name for name in columns if name in self.table.column_names])


def chunks_of(dataset: Dataset, columns: Sequence[str], events: int = EVENTS) -> Iterator[Chunk]:
    """Yield the dataset as chunks of about `events` events, accounts ascending, every account whole in one of them.

    `columns`: those of the events to read beside account, times, kind; absent ones are left out.
    """
    accounts = pd.DataFrame(dataset.table("accounts").to_pandas(date_as_object=False)).set_index("account_id")
    accounts = accounts.sort_index()
    ids, done = accounts.index.to_numpy(dtype=object), 0
    for table in _whole_accounts(_batches(dataset.path, (*KEYS, *columns), events)):
        stop = int(np.searchsorted(ids, table["account_id"][-1].as_py(), side="right"))
        yield Chunk(dataset.info, table, accounts, ids[done:stop])
        done = stop
    if done < len(accounts):
        yield Chunk(dataset.info, _schema(dataset.path, (*KEYS, *columns)).empty_table(), accounts, ids[done:])


def _whole_accounts(batches: Iterable[pa.Table]) -> Iterator[pa.Table]:
    """Yield tables that end where an account ends."""
    rest: pa.Table | None = None
    for batch in batches:
        table = batch if rest is None else pa.concat_tables([rest, batch]).unify_dictionaries()
        start = _start_of_last(table["account_id"])
        if start:
            yield _with_own_ids(table.slice(0, start))
        rest = table.slice(start)
    if rest is not None and len(rest):
        yield _with_own_ids(rest)


def _with_own_ids(table: pa.Table) -> pa.Table:
    """Return the table with a dictionary of its own account ids only; the ids must ascend."""
    ids = table["account_id"].combine_chunks()
    codes = ids.indices.to_numpy()
    fresh = np.concatenate([[True], np.diff(codes) != 0])
    own = pa.DictionaryArray.from_arrays(
        np.cumsum(fresh, dtype=np.int32) - 1, ids.dictionary.take(pa.array(codes[fresh]))
    )
    return table.set_column(table.column_names.index("account_id"), "account_id", own)


def _start_of_last(ids: pa.ChunkedArray) -> int:
    """Return where the last account of ascending ids begins."""
    codes: NDArray[np.int32] = ids.unify_dictionaries().combine_chunks().indices.to_numpy()
    differing = np.flatnonzero(codes != codes[-1])
    return int(differing[-1]) + 1 if len(differing) else 0


def _batches(path: Path, columns: Sequence[str], events: int) -> Iterator[pa.Table]:
    for path_of_part in _parts(path):
        try:
            retained = [name for name in columns if name in pq.read_schema(path_of_part).names]
            encoded = [name for name in retained if name in ENCODED]
            with pq.ParquetFile(path_of_part, read_dictionary=encoded, pre_buffer=False) as file:
                for batch in file.iter_batches(events, columns=retained):
                    yield pa.Table.from_batches([batch])
        except (pa.ArrowException, OSError) as error:
            raise CouldNot(f"{path_of_part} cannot be read: {error}") from error


def _schema(path: Path, columns: Sequence[str]) -> pa.Schema:
    with pq.ParquetFile(_parts(path)[0]) as file:
        return pa.schema([field for field in file.schema_arrow if field.name in columns])


def _parts(path: Path) -> list[Path]:
    parts = sorted((path / "events").glob("part-*.parquet"))
    if not parts:
        raise CouldNot(f"{path} holds no events (events/part-*.parquet).")
    return parts
