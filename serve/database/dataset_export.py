"""Export the database as a dataset, in memory or to a folder, from one snapshot."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
from sqlalchemy import ColumnElement, Connection, Table, and_, func, select, true, union

from kqml.dataset.folder import Dataset, DatasetInfo, dataset_in_memory, write_dataset
from kqml.dataset.sources import MemoryTables
from kqml.dataset.table_checks import TableRows
from kqml.dataset.tables import KEYS, REQUIRED, SCHEMAS
from serve.database.contacts import Vault
from serve.database.dataset_info import read_info
from serve.database.engine import Database
from serve.database.events import COUNTED
from serve.database.tables import ACCOUNTS, CONTACTS, EVENTS, REPS

ROWS = 65_536

Conditions = tuple[ColumnElement[bool], ColumnElement[bool], ColumnElement[bool], ColumnElement[bool]]
"""On events, accounts, contacts, reps."""

EVERYTHING: Conditions = (true(), true(), true(), true())


def export_dataset(database: Database, folder: Path, vault: Vault, *, force: bool = False) -> Dataset:
    """Write the database as a dataset folder, whole or not at all; empty tables and columns are left out.

    Raises BadUse where the folder exists, unless `force` and it is a dataset.
    """
    with database.snapshot() as connection:
        return write_dataset(folder, *_tables(connection, vault, EVERYTHING), force=force)


def snapshot_dataset(database: Database, vault: Vault) -> Dataset:
    """Return the dataset in memory."""
    with database.snapshot() as connection:
        return snapshot_accounts(connection, vault)


def snapshot_accounts(connection: Connection, vault: Vault, ids: Sequence[str] | None = None) -> Dataset:
    """Return accounts in memory with all reps; with `ids` only these accounts, few enough for one statement, with the
    reps that they name, without a fingerprint."""
    if ids is None:
        return dataset_in_memory(*_tables(connection, vault, EVERYTHING), trusted=True)
    events, accounts, contacts = (table.c.account_id.in_(ids) for table in (EVENTS, ACCOUNTS, CONTACTS))
    named = union(select(ACCOUNTS.c.owner_rep_id).where(accounts), select(EVENTS.c.rep_id).where(events))
    tables, info = _tables(connection, vault, (events, accounts, contacts, REPS.c.rep_id.in_(named)))
    return Dataset(MemoryTables.of(tables), info)


def _tables(connection: Connection, vault: Vault, only: Conditions) -> tuple[dict[str, TableRows], DatasetInfo]:
    info = read_info(connection)
    tables: dict[str, TableRows] = {"events": _events(connection, and_(COUNTED, only[0]))}
    described = and_(ACCOUNTS.c.described.is_(True), only[1])
    for table, condition in ((ACCOUNTS, described), (CONTACTS, only[2]), (REPS, only[3])):
        rows = _small(connection, table, condition, vault)
        if len(rows):
            tables[table.name] = rows
    return tables, info


def _events(connection: Connection, counted: ColumnElement[bool]) -> Iterator[pa.RecordBatch]:
    schema = _filled_schema(connection, counted)
    request = select(*(EVENTS.c[name] for name in schema.names)).where(counted)
    order = [EVENTS.c[name] for name in KEYS["events"]]
    streamed = request.order_by(*order).execution_options(stream_results=True, yield_per=ROWS)
    result = False
    for part in connection.execute(streamed).partitions(ROWS):
        result = True
        yield _batch(list(zip(*part, strict=True)), schema)
    if not result:
        yield _batch([()] * len(schema), schema)


def _filled_schema(connection: Connection, counted: ColumnElement[bool]) -> pa.Schema:
    """The columns of events that hold any value."""
    names = [name for name in SCHEMAS["events"].names if name not in REQUIRED["events"]]
    held = connection.execute(select(*(func.count(EVENTS.c[name]) for name in names)).where(counted)).one()
    retained = {*REQUIRED["events"], *(name for name, count in zip(names, held, strict=True) if count)}
    return pa.schema([field for field in SCHEMAS["events"] if field.name in retained])


def _batch(columns: list[Any], schema: pa.Schema) -> pa.RecordBatch:
    arrays = [_array(values, field.type) for values, field in zip(columns, schema, strict=True)]
    return pa.RecordBatch.from_arrays(arrays, schema=schema)


def _array(values: Any, kind: pa.DataType) -> pa.Array:
    if pa.types.is_timestamp(kind):
        return pa.array(values, pa.int64()).cast(kind)
    return pa.array(values, kind)


def _small(connection: Connection, table: Table, condition: ColumnElement[bool], vault: Vault) -> pa.Table:
    schema = SCHEMAS[table.name]
    request = select(table).where(condition)
    rows = [dict(row) for row in connection.execute(request.order_by(*table.primary_key)).mappings()]
    if table is CONTACTS:
        rows = [dict(row) for row in vault.open(connection, rows)]
    retained = [
        field
        for field in schema
        if field.name in REQUIRED[table.name] or any(row[field.name] is not None for row in rows)
    ]
    columns = {field.name: pa.array([row[field.name] for row in rows], field.type) for field in retained}
    return pa.table(columns, schema=pa.schema(retained))
