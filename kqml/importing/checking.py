"""The usability report of a dataset that is already written."""

from collections.abc import Iterator
from contextlib import contextmanager

import duckdb

from kqml.dataset.folder import Dataset
from kqml.dataset.id_checks import faulty_ids
from kqml.dataset.tables import KEYS, SCHEMAS
from kqml.dataset.time_checks import implausible_events
from kqml.errors import CouldNot
from kqml.importing.assessing import assess
from kqml.importing.findings import Finding, FindingLevel
from kqml.importing.problems import FUTURE, IMPLAUSIBLE
from kqml.importing.relations import file_literal, one_row, quoted
from kqml.importing.report import TableRows, UsabilityReport
from kqml.importing.values import sql_type
from kqml.importing.workspace import connect

_EXAMPLES = 5


def check_dataset(dataset: Dataset, now: int) -> UsabilityReport:
    """Measures a dataset again. Raises CouldNot where its files cannot be read."""
    fingerprint = dataset.measured_fingerprint()
    declared = {name: use.complete_since for name, use in dataset.info.columns.items() if use.complete_since}
    with _tables_of(dataset) as connection:
        assessment = assess(connection, dataset.info, declared)
        findings = (*_integrity(connection, dataset, fingerprint, now), *assessment.findings)
        tables = [
            TableRows(name, rows, rows)
            for name in SCHEMAS
            if (rows := one_row(connection, f"SELECT count(*) FROM {name}")[0])
        ]
    lags = dataset.info.record_lags
    return UsabilityReport(
        assessment.summary, tuple(tables), assessment.columns, assessment.kinds, lags, findings, None, fingerprint
    )


@contextmanager
def _tables_of(dataset: Dataset) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection that sees the dataset's files as its tables, an absent one as empty."""
    try:
        with connect(":memory:") as connection:
            for name in SCHEMAS:
                connection.execute(f"CREATE VIEW {name} AS {_rows_of(dataset, name)}")
            yield connection
    except duckdb.Error as error:
        raise CouldNot(f"{dataset.path} cannot be read: {str(error).splitlines()[0]}") from error


def _rows_of(dataset: Dataset, name: str) -> str:
    pattern = "events/part-*.parquet" if name == "events" else f"{name}.parquet"
    files = ", ".join(file_literal(path) for path in sorted(dataset.path.glob(pattern)))
    if files:
        return f"SELECT * FROM read_parquet([{files}])"
    keys = [(key, sql_type(SCHEMAS[name].field(key).type)) for key in KEYS[name]]
    return f"SELECT {', '.join(f'CAST(NULL AS {kind}) AS {quoted(key)}' for key, kind in keys)} LIMIT 0"


def _integrity(
    connection: duckdb.DuckDBPyConnection, dataset: Dataset, fingerprint: str, now: int
) -> Iterator[Finding]:
    """What an import has refused before, and what happened to the files since."""
    if fingerprint != dataset.info.fingerprint:
        facts = {"found": fingerprint[:12], "expected": dataset.info.fingerprint[:12]}
        yield Finding("fingerprint_changed", FindingLevel.REFUSAL, "events", facts=facts)
    yield from _faulty_ids(dataset)
    (total,) = one_row(connection, "SELECT count(*) FROM events")
    yield from _implausible(dataset, now, total)
    repeated = "SELECT event_id FROM events GROUP BY event_id HAVING count(*) > 1"
    count, names = one_row(connection, f"SELECT count(*), min(event_id, 5) FROM ({repeated})")
    if count:
        yield Finding("two_contents", FindingLevel.REFUSAL, "events", "event_id", count, values=tuple(names))


def _faulty_ids(dataset: Dataset) -> Iterator[Finding]:
    for table in SCHEMAS:
        faulty: dict[str, dict[str, str]] = {}
        for part in dataset.source.parts(table):
            for column, faults in faulty_ids(table, part).items():
                faulty.setdefault(column, {}).update(faults)
        for column, faults in faulty.items():
            values = tuple(list(faults)[:_EXAMPLES])
            yield Finding("faulty_ids", FindingLevel.REFUSAL, table, column, len(faults), values=values)


def _implausible(dataset: Dataset, now: int, total: int) -> Iterator[Finding]:
    events = implausible_events(dataset.source.parts("events"), now)
    for problem, ids in ((FUTURE, events.ahead), (IMPLAUSIBLE, events.early)):
        if ids:
            yield Finding(
                problem,
                FindingLevel.REFUSAL,
                "events",
                "occurred_at",
                len(ids),
                len(ids) / total,
                values=ids[:_EXAMPLES],
            )
