"""The same rows twice: files that overlap, rows that repeat in one file, looked for before anything is summed."""

from collections.abc import Sequence
from itertools import groupby

from kqml.importing.findings import Finding, FindingLevel
from kqml.importing.relations import ROW, one_row, quoted
from kqml.importing.staging import StagedSource
from kqml.importing.workspace import Workspace

_EXAMPLES = 5
_WHOLE_FILE = 20
"""A file of at least so many rows that all stand in another one is taken for a copy of them."""

_LEAST_ORDERS, _SAME_SHARE, _LEAST_AMOUNTS = 20, 0.9, 5
"""Of at least so many orders with several lines this share bears the same amount on each line; of so many amounts,
since goods with one price also repeat an amount."""

_USED = "mask = 0 AND NOT skipped"


def repeated_row_findings(workspace: Workspace, staged: Sequence[StagedSource]) -> list[Finding]:
    """Compare the rows of events without ids: those of a part's files with each other, summed ones within a file too.

    Rows with the same id are compared by id when events are assembled."""
    without_ids = [source for source in staged if source.table == "events" and "event_id" not in source.part.columns]
    findings: list[Finding] = []
    for _, group in groupby(without_ids, key=lambda source: id(source.part)):
        sources = list(group)
        findings += _shared_rows(workspace, sources)
        findings += [finding for source in sources for finding in _repeated_totals(workspace, source)]
        if sources[0].part.aggregate:
            findings += [finding for source in sources for finding in _alike_rows(workspace, source)]
    return findings


def _content(source: StagedSource) -> str:
    """A hash of all that the mapping reads of a row."""
    names = [f"v_{name}" for name in sorted(source.part.columns)]
    names += ["line_key"] if source.part.aggregate and source.part.aggregate.lines else []
    return f"hash({', '.join(map(quoted, names))})"


def _alike_rows(workspace: Workspace, source: StagedSource) -> list[Finding]:
    groups = f"SELECT count(*) AS n, max({ROW}) AS last FROM {source.name} WHERE {_USED} GROUP BY {_content(source)}"
    copies, total, rows = one_row(
        workspace.connection, f"SELECT sum(n - 1), sum(n), min(last, {_EXAMPLES}) FILTER (n > 1) FROM ({groups})"
    )
    if not copies:
        return []
    share = int(copies) / int(total)
    return [
        Finding(
            "alike_rows", FindingLevel.WARNING, "events", "", int(copies), share, source=source.label, rows=tuple(rows)
        )
    ]


def _repeated_totals(workspace: Workspace, source: StagedSource) -> list[Finding]:
    """Lines of orders that all bear the same amount: mostly the total of the order, which would count once per line."""
    if "amount" not in source.part.columns:
        return []
    of_order = f"count(*) AS n, min(v_amount) = max(v_amount) AS same, max(v_amount) AS amount, max({ROW}) AS last"
    lines = f"{_USED} AND v_kind = 'order' AND v_amount IS NOT NULL"
    orders = f"SELECT {of_order} FROM {source.name} WHERE {lines} GROUP BY v_account_id, v_occurred_at"
    several, same, amounts, count, total, rows = one_row(
        workspace.connection,
        "SELECT count(*), count(*) FILTER (same), count(DISTINCT amount) FILTER (same),"
        f" sum(n - 1) FILTER (same), sum(n), min(last, {_EXAMPLES}) FILTER (same) FROM ({orders}) WHERE n > 1",
    )
    if several < _LEAST_ORDERS or same < _SAME_SHARE * several or amounts < _LEAST_AMOUNTS:
        return []
    share = int(count) / int(total)
    facts = {"orders": f"{same:,}"}
    label = source.label
    return [
        Finding(
            "repeated_totals",
            FindingLevel.WARNING,
            "events",
            "amount",
            int(count),
            share,
            label,
            tuple(rows),
            facts=facts,
        )
    ]


def _shared_rows(workspace: Workspace, sources: Sequence[StagedSource]) -> list[Finding]:
    """For each file that shares rows with one named before it: how many, of which days; a copy of it is refused."""
    spans = [
        one_row(
            workspace.connection,
            f"SELECT CAST(min(v_occurred_at) AS VARCHAR), CAST(max(v_occurred_at) AS VARCHAR), count(*)"
            f" FROM {source.name} WHERE {_USED}",
        )
        for source in sources
    ]
    selects = []
    for index, source in enumerate(sources):
        others = [span for other, span in enumerate(spans) if other != index and span[2]]
        during = " OR ".join(f"v_occurred_at BETWEEN '{first}' AND '{last}'" for first, last, _ in others) or "false"
        selects.append(
            f"SELECT {index} AS source, {ROW} AS place, v_occurred_at AS moment, {_content(source)} AS content"
            f" FROM {source.name} WHERE {_USED} AND ({during})"
        )
    pairs = workspace.connection.execute(
        f"WITH compared AS ({' UNION ALL '.join(selects)}), known AS (SELECT DISTINCT source, content FROM compared)"
        f" SELECT compared.source, known.source, count(*), CAST(min(moment) AS DATE), CAST(max(moment) AS DATE),"
        f" min(place, {_EXAMPLES}) FROM compared JOIN known ON known.content = compared.content"
        " AND known.source < compared.source GROUP BY 1, 2 ORDER BY 1, 2"
    ).fetchall()
    findings = []
    for index, other, count, first, last, rows in pairs:
        own, theirs = spans[index][2], spans[other][2]
        copied = count == own and (own == theirs or own >= _WHOLE_FILE)
        message, level = ("same_file", FindingLevel.REFUSAL) if copied else ("shared_rows", FindingLevel.WARNING)
        facts = {"other": sources[other].label, "first": str(first), "last": str(last)}
        findings.append(
            Finding(message, level, "events", "", count, count / own, sources[index].label, tuple(rows), facts=facts)
        )
    return findings
