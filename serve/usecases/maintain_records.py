"""Put records of the CRM in as a whole, all of a request or none."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from kqml.contract.records import RecordsPut
from serve.database.records import StoredRecord
from serve.database.rejected_rows import ItemFault, RejectedRows
from serve.security.callers import Caller
from serve.usecases.refusals import FaultyRequest, RequestFault
from serve.usecases.stored_rows import stored_row

Row = Mapping[str, Any]


@dataclass(frozen=True)
class PutRecordsRequest:
    """Records of one kind that replace the stored ones. `batch`: the name of their list in the request, None where the
    only record is the request itself."""

    records: Sequence[Row]
    caller: Caller
    now: int
    batch: str | None = None


def put_records(
    request: PutRecordsRequest, key: str, put: Callable[[Sequence[Row]], Sequence[StoredRecord]]
) -> RecordsPut:
    """Put records with distinct ids (column `key`) in and count them. Raises FaultyRequest for those not accepted."""
    with faults_of_rows(request.batch):
        _require_distinct(request.records, key)
        puts = put([stored_row(record) for record in request.records])
    created = sum(record.before is None for record in puts)
    changed = sum(record.changed for record in puts) - created
    return RecordsPut(created=created, changed=changed, same=len(puts) - created - changed)


@contextmanager
def faults_of_rows(batch: str | None) -> Iterator[None]:
    """Raise the rows that the database rejects within the block as FaultyRequest, with their paths in the request."""
    try:
        yield
    except RejectedRows as rejected:
        faults = [RequestFault(_path(batch, fault), fault.what) for fault in rejected.faults]
        raise FaultyRequest(faults) from None


def _path(batch: str | None, fault: ItemFault) -> tuple[str | int, ...]:
    return (fault.column,) if batch is None else (batch, fault.index, fault.column)


def _require_distinct(records: Sequence[Row], key: str) -> None:
    seen: set[str] = set()
    faults = []
    for index, row in enumerate(records):
        if row[key] in seen:
            faults.append(ItemFault(index, key, f"{row[key]!r} is a duplicate"))
        seen.add(row[key])
    if faults:
        raise RejectedRows(faults)
