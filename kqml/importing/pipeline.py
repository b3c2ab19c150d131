"""The whole import: sources and a mapping in, a dataset folder with its usability report out – or nothing."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pyarrow as pa

from kqml.dataset.folder import DatasetInfo, QuietPeriod, refuse_existing, write_dataset
from kqml.dataset.info import RecordLag
from kqml.dataset.tables import EVENTS, KEYS, SCHEMAS
from kqml.importing.assembling import assemble_events, measured_lags
from kqml.importing.assessing import Assessment, assess
from kqml.importing.entities import assemble_entities
from kqml.importing.findings import Finding, FindingLevel
from kqml.importing.mapping import ImportMapping
from kqml.importing.relations import Source, one_row
from kqml.importing.repeated_rows import repeated_row_findings
from kqml.importing.report import TableRows, UsabilityReport
from kqml.importing.sources import assign_sources, open_all, require_files
from kqml.importing.staging import StagedSource, Terms, stage_all
from kqml.importing.workspace import Workspace, open_workspace

BATCH_ROWS = 100_000

PREVIEW_ROWS = 20

STEPS = 3
Stepped = Callable[[int], object]
"""Called with 1 after each of the STEPS steps of an import."""


def import_dataset(
    mapping: ImportMapping,
    sources: Sequence[Source],
    out: Path,
    now: int,
    *,
    force: bool = False,
    preview: bool = False,
    stepped: Stepped = lambda done: None,
) -> UsabilityReport:
    """Imports the sources into the folder `out` where the report finds them usable; otherwise writes nothing.

    `now`: the present instant. `preview`: write nothing, return the first events with the report. Raises BadUse
    (files, mapping, an existing folder), Refused (what cannot be read as the mapping says), CouldNot (disk, database).
    """
    require_files(sources)
    refuse_existing(out, force=force or preview)
    fed = assign_sources(mapping, sources)
    with open_workspace(out) as workspace:
        terms = Terms(mapping.time_zone, mapping.currency, mapping.tolerate, now)
        staged = stage_all(workspace, open_all(workspace, fed), terms)
        stepped(1)
        report, info = _assembled(workspace, staged, mapping, sources)
        stepped(1)
        if preview:
            return replace(report, preview=_preview(workspace))
        if not report.usable:
            return report
        dataset = write_dataset(out, _tables(workspace), info, force=force)
        stepped(1)
        return replace(report, written=str(out), fingerprint=dataset.info.fingerprint)


def _assembled(
    workspace: Workspace, staged: Sequence[StagedSource], mapping: ImportMapping, sources: Sequence[Source]
) -> tuple[UsabilityReport, DatasetInfo]:
    findings = [finding for source in staged for finding in source.findings]
    findings += [_empty(source) for source in staged if not source.rows]
    findings += repeated_row_findings(workspace, staged)
    for table in SCHEMAS:
        of_table = [source for source in staged if source.table == table]
        findings += (
            assemble_events(workspace, of_table, mapping)
            if table == "events"
            else assemble_entities(workspace, table, of_table)
        )
    lags = measured_lags(workspace, mapping)
    info = _info(mapping, sources, lags)
    declared = {name: column.complete_since for name, column in mapping.columns.items()}
    assessment = assess(workspace.connection, info, declared)
    if all(finding.level is not FindingLevel.REFUSAL for finding in findings):
        findings += assessment.findings
    return _report(workspace, staged, assessment, lags, findings), replace(info, columns=assessment.uses)


def _empty(staged: StagedSource) -> Finding:
    return Finding("empty", FindingLevel.REFUSAL, staged.table, source=staged.label)


def _info(mapping: ImportMapping, sources: Sequence[Source], lags: Mapping[str, RecordLag]) -> DatasetInfo:
    return DatasetInfo(
        time_zone=mapping.time_zone,
        currency=mapping.currency,
        quiet_periods=tuple(QuietPeriod(quiet.start, quiet.end, quiet.name) for quiet in mapping.quiet_periods),
        record_lags=lags,
        source={"description": mapping.description, "files": [source.label for source in sources]},
    )


def _report(
    workspace: Workspace,
    staged: Sequence[StagedSource],
    assessment: Assessment,
    lags: Mapping[str, RecordLag],
    findings: Sequence[Finding],
) -> UsabilityReport:
    tables = []
    for table in SCHEMAS:
        (retained,) = one_row(workspace.connection, f"SELECT count(*) FROM {table}")
        read = sum(source.rows for source in staged if source.table == table)
        if read:
            tables.append(TableRows(table, read, retained))
    return UsabilityReport(
        assessment.summary, tuple(tables), assessment.columns, assessment.kinds, lags, tuple(findings)
    )


def _tables(workspace: Workspace) -> dict[str, object]:
    """The tables to write; events as a stream in key order, so that memory does not grow with them."""
    tables: dict[str, object] = {}
    for name in ("accounts", "contacts", "reps"):
        table = workspace.connection.sql(f"SELECT * FROM {name}").to_arrow_table()
        if len(table):
            tables[name] = table
    tables["events"] = _event_batches(workspace)
    return tables


def _event_batches(workspace: Workspace) -> Iterator[pa.RecordBatch]:
    counted = ", ".join(f"count({name})" for name in EVENTS.names)
    counts = one_row(workspace.connection, f"SELECT {counted} FROM events")
    names = [name for name, count in zip(EVENTS.names, counts, strict=True) if count]
    query = f"SELECT {', '.join(names)} FROM events ORDER BY {', '.join(KEYS['events'])}"
    yield from workspace.connection.sql(query).to_arrow_reader(BATCH_ROWS)


def _preview(workspace: Workspace) -> tuple[dict[str, str], ...]:
    """The first events in the order of the sources, as they would be stored; without what is absent."""
    columns = ", ".join(f"CAST({name} AS VARCHAR) AS {name}" for name in EVENTS.names)
    query = f"SELECT {columns} FROM events ORDER BY source, source_row LIMIT {PREVIEW_ROWS}"
    rows = workspace.connection.sql(query).to_arrow_table().to_pylist()
    return tuple({name: value for name, value in row.items() if value is not None} for row in rows)
