"""Maintain reps: list, show, put them in."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, cast

from kqml.contract.accounts import Rep
from kqml.contract.fields import field_names
from kqml.contract.records import RecordsPut
from serve.database import reps as rows_of_reps
from serve.database.records import columns_of, read_rows
from serve.database.tables import REPS
from serve.database.territory import Territory
from serve.usecases.database_access import Transaction
from serve.usecases.maintain_records import PutRecordsRequest, put_records
from serve.usecases.merge_patch import patched_record
from serve.usecases.refusals import RequestFault, UnknownRecord, refuse
from serve.usecases.stored_rows import ContractPage, contract_fields, contract_page

Row = Mapping[str, Any]
FIELDS = field_names(Rep)


def list_reps(transaction: Transaction, territory: Territory, limit: int, after: str | None) -> ContractPage[Rep]:
    """Return one page of the reps of a territory by id, from the one behind `after` on."""
    rows = rows_of_reps.list_reps(transaction.connection, territory, limit + 1, after)
    return contract_page(rows, limit, ("rep_id",), lambda row: _rep(row, transaction.time_zone))


def show_rep(transaction: Transaction, rep_id: str, territory: Territory) -> Rep:
    """Return a rep. Raises UnknownRecord."""
    row = rows_of_reps.read_rep(transaction.connection, rep_id, territory)
    if row is None:
        raise UnknownRecord("rep", rep_id)
    return _rep(row, transaction.time_zone)


def put_reps(transaction: Transaction, request: PutRecordsRequest) -> RecordsPut:
    """Replace reps. Raises FaultyRequest where an absence ends before it starts, and for callers that may not see all
    accounts."""
    refuse([fault for index, rep in enumerate(request.records) for fault in _bad_absences(rep, request.batch, index)])
    dated = replace(request, records=[_with_days_as_text(rep) for rep in request.records])
    connection, territory = transaction.connection, request.caller.territory
    return put_records(dated, "rep_id", lambda rows: rows_of_reps.put_reps(connection, rows, request.now, territory))


def patch_rep(transaction: Transaction, request: PutRecordsRequest) -> RecordsPut:
    """Change the fields given of the only rep of the request. Raises UnknownRecord, FaultyRequest as `put_reps`."""
    (changes,), territory = request.records, request.caller.territory
    stored = read_rows(transaction.connection, REPS, [changes["rep_id"]], lock=True).get(changes["rep_id"])
    if stored is None or not territory.covers(changes["rep_id"]):
        raise UnknownRecord("rep", changes["rep_id"])
    record = patched_record({column: stored[column] for column in columns_of(REPS)}, changes)
    return put_reps(transaction, replace(request, records=[record]))


def _rep(row: Row, zone: str) -> Rep:
    return cast(Rep, contract_fields(row, FIELDS, zone))


def _bad_absences(rep: Row, batch: str | None, index: int) -> Iterator[RequestFault]:
    path = () if batch is None else (batch, index)
    for index, (start, end) in enumerate(rep.get("absences") or ()):
        if end < start:
            yield RequestFault((*path, "absences", index), f"ends on {end}, before it starts on {start}")


def _with_days_as_text(rep: Row) -> Row:
    absences = rep.get("absences")
    days = None if absences is None else [[day.isoformat() for day in pair] for pair in absences]
    return {**rep, "absences": days}
