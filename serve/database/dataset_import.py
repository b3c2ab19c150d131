"""Import a dataset folder into the database, whole or not at all."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from sqlalchemy import Connection

from kqml.contract.fields import Count
from kqml.dataset.folder import Dataset
from kqml.dataset.id_checks import require_ids
from kqml.dataset.tables import EVENTS
from kqml.dataset.time_checks import require_plausible_times
from kqml.errors import CouldNot, Fault, Refused
from serve.database.contacts import Vault, put_contacts
from serve.database.dataset_info import write_info
from serve.database.engine import Database
from serve.database.events import write_events
from serve.database.records import put_rows
from serve.database.rejected_rows import RejectedRows
from serve.database.tables import ACCOUNTS, REPS
from serve.database.territory import EVERYWHERE

ROWS = 50_000
SHOWN_FAULTS = 20


@dataclass(frozen=True)
class ImportedCounts:
    """How many rows of a dataset were stored. `known`: events that were stored before."""

    accounts: Count
    contacts: Count
    reps: Count
    events: Count
    known: Count


def load_dataset(
    database: Database, dataset: Dataset, now: int, vault: Vault, stepped: Callable[[int], None] = lambda rows: None
) -> ImportedCounts:
    """Add new events; replace accounts, contacts, reps and the description of the data by those of the dataset.

    Raises Refused where a stored event with the same id differs, an id or a time cannot be true, or the dataset has
    another time zone or currency; nothing is written then.
    """
    require_plausible_times(dataset.path.name, dataset.source.parts("events"), now)
    with database.writing() as connection:
        write_info(connection, dataset.info)
        try:
            events, known = _load_events(connection, dataset, now, stepped)
        except RejectedRows as rejected:
            faults = [Fault("events", fault.what, "correct the data") for fault in rejected.faults[:SHOWN_FAULTS]]
            raise Refused(f"{len(rejected.faults)} events do not fit into the database.", faults) from None
        accounts = put_rows(connection, ACCOUNTS, _records(dataset, "accounts"), now, {"described": True})
        contacts = put_contacts(connection, _records(dataset, "contacts"), now, EVERYWHERE, vault)
        reps = put_rows(connection, REPS, _records(dataset, "reps"), now)
    return ImportedCounts(len(accounts), len(contacts), len(reps), events, known)


def _load_events(connection: Connection, dataset: Dataset, now: int, stepped: Callable[[int], None]) -> tuple[int, int]:
    added = total = 0
    for rows in _events(dataset.path):
        added += write_events(connection, rows, now, EVERYWHERE)
        total += len(rows)
        stepped(len(rows))
    return added, total - added


def _events(folder: Path) -> Iterator[list[dict[str, Any]]]:
    for part in sorted((folder / "events").glob("part-*.parquet")):
        try:
            with pq.ParquetFile(part) as file:
                for batch in file.iter_batches(ROWS):
                    table = pa.Table.from_batches([batch])
                    require_ids(str(part.relative_to(folder)), table)
                    yield _rows(table)
        except (pa.ArrowException, OSError) as error:
            raise CouldNot(f"{part} cannot be read: {error}") from error


def _rows(table: pa.Table) -> list[dict[str, Any]]:
    """The rows with every column of events, instants as microseconds."""
    columns = {name: _plain(table[name]) for name in table.column_names}
    absent: list[None] = [None] * len(table)
    lists = [columns.get(name, absent) for name in EVENTS.names]
    return [dict(zip(EVENTS.names, row, strict=True)) for row in zip(*lists, strict=True)]


def _plain(column: pa.ChunkedArray) -> list[Any]:
    values = column.cast(pa.int64()) if pa.types.is_timestamp(column.type) else column
    return list(values.to_pylist())


def _records(dataset: Dataset, name: str) -> list[Mapping[str, Any]]:
    return list(dataset.table(name).to_pylist())
