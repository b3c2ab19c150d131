"""The dataset folder: four Parquet tables with `dataset.json`, read, written, fingerprinted."""

import json
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any, TypeAlias

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from kqml.calendar import moment_of
from kqml.errors import BadUse, CouldNot, Fault
from kqml.eventlog import CODES, VALUES, EventLog
from kqml.fingerprint import TableHash, fingerprint_of
from kqml.logbuilding import event_log_from, event_log_of
from kqml.tables import EVENTS, KEYS, SCHEMAS, check_rows, conform

__all__ = [
    "ColumnUse",
    "Dataset",
    "DatasetInfo",
    "QuietPeriod",
    "TableRows",
    "event_log_from",
    "event_log_of",
    "read_dataset",
    "write_dataset",
]

FORMAT_VERSION = 1
PART_ROWS = 2_000_000
LOG_COLUMNS = ("account_id", "occurred_at", "known_at", "kind", *VALUES, *CODES)

TableRows: TypeAlias = pa.Table | pd.DataFrame | Iterable[pa.RecordBatch]
"""A table to write: whole, or (events only) as batches already in key order."""


@dataclass(frozen=True)
class QuietPeriod:
    """Declared quiet days: `start` and `end` are ISO dates, the end not included."""

    start: str
    end: str
    name: str


@dataclass(frozen=True)
class ColumnUse:
    """What may be done with an account column at a past cutoff.

    `complete_since`: ISO date since which every change of it is an event, or None. `usable`: False refuses it for
    training. `why`: the reason, in words.
    """

    complete_since: str | None = None
    usable: bool = True
    why: str = ""


@dataclass(frozen=True)
class DatasetInfo:
    """What `dataset.json` says. `kinds_recorded`: kind code → first `known_at` (ISO instant). `record_lags`: kind
    code → {"days": assumed or "p95_days": measured lag in days}. `columns`: account column → ColumnUse."""

    time_zone: str = "Asia/Shanghai"
    currency: str = "CNY"
    quiet_periods: tuple[QuietPeriod, ...] = ()
    columns: Mapping[str, ColumnUse] = field(default_factory=dict)
    kinds_recorded: Mapping[str, str] = field(default_factory=dict)
    record_lags: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    source: Mapping[str, Any] = field(default_factory=dict)
    fingerprint: str = ""
    format_version: int = FORMAT_VERSION

    def to_json(self) -> str:
        return json.dumps(asdict(self), ensure_ascii=False, indent=2) + "\n"

    @classmethod
    def from_json(cls, text: str) -> "DatasetInfo":
        """Raises ValueError, KeyError or TypeError on anything that `to_json` does not write."""
        given = json.loads(text)
        periods = tuple(QuietPeriod(**period) for period in given.pop("quiet_periods", ()))
        columns = {name: ColumnUse(**use) for name, use in given.pop("columns", {}).items()}
        return cls(quiet_periods=periods, columns=columns, **given)


@dataclass(frozen=True)
class Dataset:
    """A dataset folder; tables are read when asked for, the log once."""

    path: Path
    info: DatasetInfo

    def event_log(self) -> EventLog:
        return self._log

    @cached_property
    def _log(self) -> EventLog:
        return event_log_from(self._events(LOG_COLUMNS), self._account_ids())

    def events(self, columns: Iterable[str] | None = None) -> pa.Table:
        """The events in key order, text as text; only those of `columns` that the data have."""
        table = self._events(tuple(SCHEMAS["events"].names if columns is None else columns))
        return table.cast(pa.schema([SCHEMAS["events"].field(name) for name in table.column_names]))

    def accounts(self) -> pd.DataFrame:
        """One row for each account of the log, in its order, indexed by `account_id`; only columns the data have.

        Dates are naive `datetime64`; an account known from its events alone has missing values.
        """
        frame = self._frame("accounts").set_index("account_id")
        return frame.reindex(pd.Index(self.event_log().accounts, name="account_id", dtype=frame.index.dtype))

    def contacts(self) -> pd.DataFrame:
        return self._frame("contacts")

    def reps(self) -> pd.DataFrame:
        return self._frame("reps")

    def table(self, name: str) -> pa.Table:
        """The accounts, contacts or reps as stored; without rows where the dataset has none."""
        path = self.path / f"{name}.parquet"
        empty = pa.schema([SCHEMAS[name].field(key) for key in KEYS[name]]).empty_table()
        return _read(path) if path.exists() else empty

    def measured_fingerprint(self) -> str:
        """The fingerprint of the tables as they are now; another one than `info` says means that they were changed."""
        hashes = {}
        for name in (name for name in SCHEMAS if name == "events" or (self.path / f"{name}.parquet").exists()):
            hashes[name] = TableHash()
            for piece in self._parts() if name == "events" else [self.table(name)]:
                hashes[name].update(piece)
        return fingerprint_of(hashes)

    def _parts(self) -> Iterator[pa.Table]:
        return (_read(part) for part in sorted((self.path / "events").glob("part-*.parquet")))

    def _frame(self, name: str) -> pd.DataFrame:
        return pd.DataFrame(self.table(name).to_pandas(date_as_object=False))

    def _account_ids(self) -> list[str]:
        return list(self.table("accounts")["account_id"].to_pylist())

    def _events(self, columns: tuple[str, ...]) -> pa.Table:
        parts = sorted((self.path / "events").glob("part-*.parquet"))
        if not parts:
            raise CouldNot(f"{self.path} holds no events (events/part-*.parquet).")
        return pa.concat_tables([_read(part, columns) for part in parts]).unify_dictionaries()


def _read(path: Path, columns: tuple[str, ...] | None = None) -> pa.Table:
    """A Parquet file, or those of `columns` that it has, their repeated text dictionary-encoded."""
    try:
        with pq.ParquetFile(path) as file:
            names = file.schema_arrow.names
            if columns is None:
                return file.read()
            kept = [name for name in columns if name in names]
        encoded = [name for name in kept if name in ("account_id", "kind", *CODES)]
        return pq.read_table(path, columns=kept, read_dictionary=encoded)
    except (pa.ArrowException, OSError) as error:
        raise CouldNot(f"{path} cannot be read: {error}") from error


def read_dataset(path: Path) -> Dataset:
    """The dataset in a folder. Raises BadUse where there is none, CouldNot where it cannot be read."""
    described = path / "dataset.json"
    if not described.is_file():
        raise BadUse(f"{path} is not a dataset: it has no dataset.json. Make one with `kqml import`.")
    try:
        info = DatasetInfo.from_json(described.read_text(encoding="utf-8"))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise CouldNot(f"{described} cannot be read: {error}") from error
    if info.format_version != FORMAT_VERSION:
        told = f"{described} has format version {info.format_version}, this program reads {FORMAT_VERSION}"
        raise CouldNot(f"{told}; import the data again.")
    return Dataset(path, info)


def write_dataset(path: Path, tables: Mapping[str, TableRows], info: DatasetInfo, *, force: bool = False) -> Dataset:
    """Writes a dataset folder whole or not at all; `info` gains the fingerprint and what it lacks of kinds recorded.

    An existing folder is refused with BadUse unless `force`, which replaces a dataset (never another folder).
    Raises Refused where rows break the data contract.
    """
    refuse_existing(path, force=force)
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(prefix=f".{path.name}-", dir=path.parent))
    try:
        complete = _write_tables(draft, tables, info)
        (draft / "dataset.json").write_text(complete.to_json(), encoding="utf-8")
        draft.chmod(0o755)
        if path.exists():
            _put_aside(path)
        draft.rename(path)
    except (OSError, pa.ArrowException) as error:
        raise CouldNot(f"{path} could not be written: {error}") from error
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return Dataset(path, complete)


def refuse_existing(path: Path, *, force: bool = False) -> None:
    """Raises BadUse where a dataset must not be written to `path`."""
    if not path.exists():
        return
    if not force:
        raise BadUse(f"{path} exists already; name another folder, or add --force to replace it.")
    if not (path / "dataset.json").is_file():
        raise BadUse(f"{path} exists and is not a dataset, so --force does not replace it; name another folder.")


def _put_aside(path: Path) -> None:
    aside = Path(tempfile.mkdtemp(prefix=f".{path.name}-old-", dir=path.parent))
    path.rename(aside / path.name)
    shutil.rmtree(aside)


def _write_tables(folder: Path, tables: Mapping[str, TableRows], info: DatasetInfo) -> DatasetInfo:
    unknown = [
        Fault(name, "is not a table of a dataset", f"use {', '.join(SCHEMAS)}")
        for name in tables
        if name not in SCHEMAS
    ]
    if unknown or "events" not in tables:
        raise BadUse("A dataset needs the table events and knows four tables.", unknown)
    parts = _EventParts(folder / "events")
    parts.write(tables["events"])
    hashes = {name: _write_small(folder, name, table) for name, table in tables.items() if name != "events"}
    recorded = {**parts.recorded(), **info.kinds_recorded}
    fingerprint = fingerprint_of({**hashes, "events": parts.hash})
    return replace(info, kinds_recorded=recorded, fingerprint=fingerprint, format_version=FORMAT_VERSION)


def _write_small(folder: Path, name: str, rows: TableRows) -> TableHash:
    table = _whole(name, rows)
    check_rows(name, table)
    pq.write_table(table, folder / f"{name}.parquet", compression="zstd")
    hashed = TableHash()
    hashed.update(table)
    return hashed


def _whole(name: str, rows: TableRows) -> pa.Table:
    table = rows if isinstance(rows, pa.Table | pd.DataFrame) else pa.Table.from_batches(rows)
    return conform(name, table).sort_by([(key, "ascending") for key in KEYS[name]])


class _EventParts:
    """The part files of the events, written one after another as pieces in key order arrive."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._first_known: dict[str, int] = {}
        self._last_key = EVENTS.empty_table().select(KEYS["events"])
        self.hash = TableHash()

    def write(self, rows: TableRows) -> None:
        self._folder.mkdir()
        for number, piece in enumerate(_pieces(rows)):
            self._require_order(piece.select(KEYS["events"]))
            check_rows("events", piece)
            self.hash.update(piece)
            self._note_kinds(piece)
            target = self._folder / f"part-{number:05d}.parquet"
            pq.write_table(piece, target, compression="zstd", row_group_size=250_000)

    def _require_order(self, keys: pa.Table) -> None:
        """Raises ValueError where the pieces do not follow each other in key order: a defect of who makes them."""
        keys = pa.concat_tables([self._last_key, keys])
        before, after = keys.slice(0, max(len(keys) - 1, 0)), keys.slice(1)
        follows: pa.ChunkedArray | bool = True
        for key in reversed(KEYS["events"]):
            same = pc.and_(pc.equal(before[key], after[key]), follows)
            follows = pc.or_(pc.less(before[key], after[key]), same)
        if not pc.all(follows).as_py() and len(before):
            raise ValueError("the batches of events are not in key order")
        self._last_key = keys.slice(max(len(keys) - 1, 0))

    def _note_kinds(self, piece: pa.Table) -> None:
        first = piece.select(["kind", "known_at"]).group_by("kind").aggregate([("known_at", "min")])
        for kind, known in zip(
            first["kind"].to_pylist(), first["known_at_min"].cast(pa.int64()).to_pylist(), strict=True
        ):
            self._first_known[kind] = min(known, self._first_known.get(kind, known))

    def recorded(self) -> dict[str, str]:
        return {kind: moment_of(known).isoformat() for kind, known in sorted(self._first_known.items())}


def _pieces(rows: TableRows) -> Iterator[pa.Table]:
    """Conforming tables of at most PART_ROWS rows, at least one."""
    if isinstance(rows, pa.Table | pd.DataFrame):
        table = _whole("events", rows)
        yield from (table.slice(start, PART_ROWS) for start in range(0, max(len(table), 1), PART_ROWS))
        return
    waiting: list[pa.RecordBatch] = []
    for batch in rows:
        waiting.append(batch)
        if sum(piece.num_rows for piece in waiting) >= PART_ROWS:
            yield conform("events", pa.Table.from_batches(waiting))
            waiting = []
    if waiting:
        yield conform("events", pa.Table.from_batches(waiting))
