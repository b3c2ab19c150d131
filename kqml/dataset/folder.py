"""The dataset folder: four Parquet tables with `dataset.json`, read, written, fingerprinted."""

import shutil
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property, reduce
from operator import and_
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from kqml.dataset.fingerprint import TableHash, fingerprint_of
from kqml.dataset.info import FORMAT_VERSION, ColumnUse, DatasetInfo, QuietPeriod
from kqml.dataset.sources import FolderTables, MemoryTables, TableSource, empty_table
from kqml.dataset.table_checks import TableRows, check_tables
from kqml.dataset.table_files import write_tables
from kqml.dataset.tables import INSTANT, REQUIRED, SCHEMAS
from kqml.errors import BadUse, CouldNot
from kqml.events import EventKind
from kqml.history.account_rollback import CHANGE_COLUMNS, CHANGING, roll_back
from kqml.history.builders import event_log_from, event_log_of
from kqml.history.event_log import CODES, VALUES, EventLog

__all__ = [
    "ColumnUse",
    "Dataset",
    "DatasetInfo",
    "QuietPeriod",
    "TableRows",
    "dataset_in_memory",
    "event_log_from",
    "event_log_of",
    "read_dataset",
    "write_dataset",
]

LOG_COLUMNS = ("account_id", "occurred_at", "known_at", "kind", *VALUES, *CODES, "due_at", "attributes")
REFERENCES = ("event_id", "ref")
INSTANTS = ("occurred_at", "known_at")


@dataclass(frozen=True)
class Dataset:
    """The tables of a company, of a folder or in memory; read when asked for, the log once. `cutoff`: only what was
    known before it is read; None reads everything."""

    source: TableSource
    info: DatasetInfo
    cutoff: int | None = None

    @property
    def path(self) -> Path:
        """The folder. Raises TypeError where the dataset is in memory."""
        if not isinstance(self.source, FolderTables):
            raise TypeError("a dataset in memory has no folder")
        return self.source.path

    def known_before(self, cutoff: int) -> "Dataset":
        """Return the dataset as it was known before a cutoff, whatever became known later: events, kinds recorded,
        columns of accounts that later events changed."""
        if self.cutoff is not None and self.cutoff <= cutoff:
            return self
        if self.cutoff is None and not (self.event_log().known_at >= cutoff).any():
            return self
        recorded = self.info.kinds_recorded
        kinds = {kind.code: recorded[kind.code] for kind, first in self.info.first_known.items() if first < cutoff}
        return Dataset(self.source, replace(self.info, kinds_recorded=kinds), cutoff)

    def event_log(self) -> EventLog:
        return self._log

    @cached_property
    def _log(self) -> EventLog:
        named = LOG_COLUMNS + REFERENCES if "ref" in self.event_columns() else LOG_COLUMNS
        return event_log_from(self._events(named), self._account_ids())

    def events(self, columns: Iterable[str] | None = None, kinds: Iterable[EventKind] | None = None) -> pa.Table:
        """The events in key order, text as text; only those of `columns` that the data have, only of `kinds`."""
        codes = None if kinds is None else [kind.code for kind in kinds]
        table = self._events(tuple(SCHEMAS["events"].names if columns is None else columns), codes)
        return table.cast(pa.schema([SCHEMAS["events"].field(name) for name in table.column_names]))

    def accounts(self) -> pd.DataFrame:
        """One row for each account of the log, in its order, indexed by `account_id`; only columns the data have.

        Dates are naive `datetime64`; an account known from its events alone has missing values. The frame is shared:
        copy it before you change it.
        """
        return self._accounts

    @cached_property
    def _accounts(self) -> pd.DataFrame:
        frame = self._frame("accounts").set_index("account_id")
        return frame.reindex(pd.Index(self.event_log().accounts, name="account_id", dtype=frame.index.dtype))

    def contacts(self) -> pd.DataFrame:
        return self._frame("contacts")

    def reps(self) -> pd.DataFrame:
        return self._frame("reps")

    def table(self, name: str) -> pa.Table:
        """The accounts, contacts or reps as stored; without rows where the dataset has none."""
        if name == "accounts" and self.cutoff is not None:
            return self._accounts_then
        return self._stored(name)

    def _stored(self, name: str) -> pa.Table:
        table = self.source.table(name)
        return empty_table(name) if table is None else table

    @cached_property
    def _accounts_then(self) -> pa.Table:
        """The accounts as they stood at the cutoff."""
        assert self.cutoff is not None
        codes = [kind.code for kind in CHANGING]
        changes = Dataset(self.source, self.info)._events(CHANGE_COLUMNS, codes)
        later = changes.filter(
            pc.or_(*(pc.greater_equal(changes[name], pa.scalar(self.cutoff, INSTANT)) for name in INSTANTS))
        )
        names = pc.unique(later["account_id"].cast(pa.string()))
        own = changes.filter(pc.is_in(changes["account_id"].cast(pa.string()), value_set=names))
        empty = dict.fromkeys(CHANGE_COLUMNS)
        events = ({**empty, **row} for row in own.to_pylist())
        return roll_back(self._stored("accounts"), events, self.cutoff, self._last_reps())

    def _last_reps(self) -> dict[str, str]:
        """The rep of each account's last event that names one."""
        if "rep_id" not in self.event_columns():
            return {}
        events = self._events(("account_id", "occurred_at", "rep_id"))
        named = events.filter(pc.is_valid(events["rep_id"])).sort_by("occurred_at")
        accounts, reps = (named[name].to_pylist() for name in ("account_id", "rep_id"))
        return dict(zip(accounts, reps, strict=True))

    def measured_fingerprint(self) -> str:
        """The fingerprint of the tables as they are now; another one than `info` says means that they were changed."""
        hashes = {"events": TableHash()}
        for name in SCHEMAS:
            for piece in self.source.parts(name):
                hashes.setdefault(name, TableHash()).update(piece)
        return fingerprint_of(hashes)

    def _frame(self, name: str) -> pd.DataFrame:
        return pd.DataFrame(self.table(name).to_pandas(date_as_object=False))

    def _account_ids(self) -> list[str]:
        return list(self.table("accounts")["account_id"].to_pylist())

    def _events(self, columns: tuple[str, ...], kinds: list[str] | None = None) -> pa.Table:
        rows = _chosen(kinds, self.cutoff)
        present = [name for name in self.event_columns() if name in columns]
        return pa.concat_tables(self.source.events(present, rows)).unify_dictionaries()

    def event_columns(self) -> list[str]:
        """The columns that the events have; at a cutoff those that hold a value by then."""
        if self.cutoff is None:
            return self.source.event_columns()
        return self._columns_then

    @cached_property
    def _columns_then(self) -> list[str]:
        names = self.source.event_columns()
        optional = [name for name in names if name not in REQUIRED["events"]]
        available = set(REQUIRED["events"])
        for table in self.source.events(optional, _chosen(None, self.cutoff)):
            available |= {name for name in optional if table[name].null_count < len(table)}
        return [name for name in names if name in available]


def _chosen(kinds: list[str] | None, cutoff: int | None) -> pc.Expression | None:
    """The condition on rows of events: of these kinds, known before the cutoff."""
    conditions = []
    if kinds is not None:
        conditions.append(pc.field("kind").isin(pa.array(kinds, pa.string())))
    if cutoff is not None:
        conditions.append(pc.field("known_at") < pa.scalar(cutoff, INSTANT))
    return reduce(and_, conditions) if conditions else None


def read_dataset(path: Path) -> Dataset:
    """The dataset in a folder. Raises BadUse where there is none, CouldNot where it cannot be read."""
    described = path / "dataset.json"
    if not described.is_file():
        raise BadUse(f"{path} is not a dataset: dataset.json is missing. Create a dataset with `kqml import`.")
    try:
        info = DatasetInfo.from_json(described.read_text(encoding="utf-8"))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise CouldNot(f"{described} cannot be read: {error}") from error
    if info.format_version != FORMAT_VERSION:
        message = f"{described} has format version {info.format_version}, this program reads {FORMAT_VERSION}"
        raise CouldNot(f"{message}; import the data again.")
    return Dataset(FolderTables(path), info)


def dataset_in_memory(tables: Mapping[str, TableRows], info: DatasetInfo, *, trusted: bool = False) -> Dataset:
    """Return the dataset that `write_dataset` would write, held in memory instead; no file is touched. `trusted`: the
    rows were checked when they were stored."""
    source = MemoryTables()
    return Dataset(source, check_tables(tables, info, source, trusted=trusted))


def write_dataset(path: Path, tables: Mapping[str, TableRows], info: DatasetInfo, *, force: bool = False) -> Dataset:
    """Writes a dataset folder whole or not at all; `info` gains the fingerprint and what it lacks of kinds recorded.

    An existing folder is refused with BadUse unless `force`, which replaces a dataset (never another folder).
    Raises Refused where rows break the data contract.
    """
    refuse_existing(path, force=force)
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(prefix=f".{path.name}-", dir=path.parent))
    try:
        complete = write_tables(draft, tables, info)
        (draft / "dataset.json").write_text(complete.to_json(), encoding="utf-8")
        draft.chmod(0o755)
        if path.exists():
            _put_aside(path)
        draft.rename(path)
    except (OSError, pa.ArrowException) as error:
        raise CouldNot(f"{path} could not be written: {error}") from error
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return Dataset(FolderTables(path), complete)


def refuse_existing(path: Path, *, force: bool = False) -> None:
    """Raises BadUse where a dataset must not be written to `path`."""
    if not path.exists():
        return
    if not force:
        raise BadUse(f"{path} exists; give another folder, or add --force to replace it.")
    if not (path / "dataset.json").is_file():
        raise BadUse(f"{path} exists and is not a dataset, so --force does not replace it; give another folder.")


def _put_aside(path: Path) -> None:
    aside = Path(tempfile.mkdtemp(prefix=f".{path.name}-old-", dir=path.parent))
    path.rename(aside / path.name)
    shutil.rmtree(aside)
