"""Staged rows made into accounts, contacts, reps: one row for each key, two contents refused."""

from collections.abc import Sequence

from kqml.dataset.tables import KEYS, SCHEMAS
from kqml.importing.findings import Finding, FindingLevel
from kqml.importing.relations import ROW, one_row, quoted
from kqml.importing.staging import StagedSource
from kqml.importing.values import sql_type
from kqml.importing.workspace import Workspace


def assemble_entities(workspace: Workspace, table: str, staged: Sequence[StagedSource]) -> list[Finding]:
    """Makes `table` of the faultless rows with the columns that any part maps; empty where no part fills it."""
    key = KEYS[table][0]
    names = [name for name in SCHEMAS[table].names if name == key or any(name in part.part.columns for part in staged)]
    parts = [_rows_sql(index, source, table, names) for index, source in enumerate(staged)]
    workspace.connection.execute(f"CREATE TABLE drafts AS {' UNION ALL '.join(parts) or _nothing(table, names)}")
    findings = _conflicts(workspace, table, names, [source.label for source in staged])
    columns = ", ".join(map(quoted, names))
    workspace.connection.execute(f"CREATE TABLE {table} AS SELECT DISTINCT {columns} FROM drafts")
    for name in ("drafts", *(source.name for source in staged)):
        workspace.connection.execute(f"DROP TABLE {name}")
    return findings


def _rows_sql(index: int, staged: StagedSource, table: str, names: Sequence[str]) -> str:
    columns = [
        f"v_{name} AS {quoted(name)}" if name in staged.part.columns else f"{_null(table, name)} AS {quoted(name)}"
        for name in names
    ]
    source = f"{index} AS source, {ROW} AS source_row"
    return f"SELECT {', '.join(columns)}, {source} FROM {staged.name} WHERE mask = 0 AND NOT skipped"


def _null(table: str, name: str) -> str:
    return f"CAST(NULL AS {sql_type(SCHEMAS[table].field(name).type)})"


def _nothing(table: str, names: Sequence[str]) -> str:
    columns = ", ".join(f"{_null(table, name)} AS {quoted(name)}" for name in names)
    return f"SELECT {columns}, 0 AS source, 0 AS source_row LIMIT 0"


def _conflicts(workspace: Workspace, table: str, names: Sequence[str], labels: Sequence[str]) -> list[Finding]:
    key = quoted(KEYS[table][0])
    content = f"hash({', '.join(map(quoted, names))})"
    result = workspace.connection.execute(
        f"SELECT {key}, min(source_row), max(source_row), min(source), count(*) OVER () FROM drafts"
        f" GROUP BY {key} HAVING count(DISTINCT {content}) > 1 ORDER BY 2 LIMIT 5"
    ).fetchall()
    if result:
        rows = tuple(row for conflict in result for row in conflict[1:3])
        values, source = tuple(conflict[0] for conflict in result), labels[result[0][3]]
        return [
            Finding(
                "two_contents", FindingLevel.REFUSAL, table, KEYS[table][0], result[0][4], None, source, rows, values
            )
        ]
    (copies,) = one_row(workspace.connection, f"SELECT count(*) - count(DISTINCT {key}) FROM drafts")
    return [Finding("copies", FindingLevel.LEFT_OUT, table, count=copies)] if copies else []
