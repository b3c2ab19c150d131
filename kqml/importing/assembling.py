"""Staged rows made into events: summed by day, signs read, record lags added, ids given, repeats dropped."""

from collections.abc import Mapping, Sequence
from typing import Any

from kqml.calendar.business_time import DAY_US
from kqml.dataset.info import RecordLag
from kqml.dataset.tables import EVENTS
from kqml.importing.findings import Finding, FindingLevel
from kqml.importing.mapping import ImportMapping, TableMapping
from kqml.importing.relations import ROW, literal, one_row
from kqml.importing.staging import StagedSource
from kqml.importing.values import sql_type
from kqml.importing.workspace import Workspace

DEFAULT_LAG_DAYS = {"visit": 2.0}
"""Days between happening and recording where neither data nor mapping say."""

_SUMMED = ("amount", "quantity", "minutes")
_AVERAGED = ("sentiment", "authenticity")
_LAST = ("rep_id", "contact_id", "channel", "due_at", "ref", "attributes")
ROWS_OF_A_SOURCE = 2**40
"""More than any source has, so that places in several sources can be ordered by one number."""

_CONTENT = tuple(name for name in EVENTS.names if name != "event_id")


def record_lags_of(mapping: ImportMapping) -> dict[str, float]:
    """Kind → days, for the kinds that have a lag."""
    return {**DEFAULT_LAG_DAYS, **mapping.lags}


def assemble_events(workspace: Workspace, staged: Sequence[StagedSource], mapping: ImportMapping) -> list[Finding]:
    """Makes the table `events` of the faultless rows, with `given_id`, `given_time` and the row each came from."""
    of_part: dict[int, list[str]] = {}
    for index, source in enumerate(staged):
        of_part.setdefault(id(source.part), []).append(_rows_sql(index, source))
    named = {id(source.part): source.part for source in staged}
    parts = [_part_sql(named[part], rows, mapping.time_zone) for part, rows in of_part.items()]
    workspace.connection.execute(f"CREATE TABLE drafts AS {' UNION ALL BY NAME '.join(parts)}")
    for source in staged:
        workspace.connection.execute(f"DROP TABLE {source.name}")
    findings = _sign_findings(workspace)
    workspace.connection.execute(f"CREATE TABLE events AS {_final_sql(workspace, mapping)}")
    workspace.connection.execute("DROP TABLE drafts")
    findings += _given_ids(workspace, [source.label for source in staged])
    return findings + _negative_sums(workspace, mapping)


def _rows_sql(index: int, staged: StagedSource) -> str:
    have = set(staged.part.columns)
    columns = [f"v_{name} AS {name}" if name in have else f"{_null(name)} AS {name}" for name in EVENTS.names]
    columns += [f"{index} AS source", f"{ROW} AS source_row"]
    if staged.part.aggregate and staged.part.aggregate.lines:
        columns.append("line_key")
    return f"SELECT {', '.join(columns)} FROM {staged.name} WHERE mask = 0 AND NOT skipped"


def _part_sql(part: TableMapping, rows: Sequence[str], zone: str) -> str:
    """The rows of all sources of one part; a day's rows may stand in several files."""
    together = " UNION ALL BY NAME ".join(rows)
    if part.aggregate is None:
        return together
    keyed = part.aggregate.lines is not None
    lines = "count(line_key)" if keyed else "sum(lines)" if "lines" in part.columns else "sum(n)"
    return _by_day_sql(together, zone, ", line_key" if keyed else "", lines)


def _null(name: str) -> str:
    return f"CAST(NULL AS {sql_type(EVENTS.field(name).type)})"


def _by_day_sql(rows: str, zone: str, key: str, lines: str) -> str:
    """One row for each account, kind and local day, by way of one for each `key` in it.

    Sums run over decimals, so that their order cannot matter.
    """
    day = f"CAST(timezone({literal(zone)}, occurred_at) AS DATE) AS day"
    dated = f"SELECT *, {day}, {ROWS_OF_A_SOURCE} * source + source_row AS place FROM ({rows})"
    sums = [f"sum(CAST({name} AS DECIMAL(38, 6))) AS {name}" for name in (*_SUMMED, *_AVERAGED, "lines")]
    counts = [f"count({name}) AS n_{name}" for name in _AVERAGED]
    last = [f"arg_max({name}, place) AS {name}" for name in _LAST]
    latest = [f"max({name}) AS {name}" for name in ("occurred_at", "known_at", "source", "source_row", "place")]
    inner = (
        f"SELECT account_id, kind, day{key}, count(*) AS n, {', '.join(latest + sums + counts + last)}"
        f" FROM ({dated}) GROUP BY account_id, kind, day{key}"
    )
    sums = [f"CAST(sum({name}) AS DOUBLE) AS {name}" for name in _SUMMED]
    means = [f"CAST(sum({name}) AS DOUBLE) / nullif(sum(n_{name}), 0) AS {name}" for name in _AVERAGED]
    return (
        f"SELECT {_null('event_id')} AS event_id, account_id, kind, CAST({lines} AS DOUBLE) AS lines,"
        f" {', '.join(latest[:-1] + sums + means + last)} FROM ({inner}) GROUP BY account_id, kind, day"
    )


_SIZE = "coalesce(amount, quantity)"


def _sign_findings(workspace: Workspace) -> list[Finding]:
    total, returns, nothing = one_row(
        workspace.connection,
        f"SELECT count(*), count(*) FILTER (kind = 'order' AND {_SIZE} < 0), "
        f"count(*) FILTER (kind = 'order' AND {_SIZE} = 0) FROM drafts",
    )
    result = (("negative_orders", FindingLevel.NOTE, returns), ("zero_orders", FindingLevel.LEFT_OUT, nothing))
    return [
        Finding(message, level, "events", count=count, share=count / total) for message, level, count in result if count
    ]


def _final_sql(workspace: Workspace, mapping: ImportMapping) -> str:
    kind = f"CASE WHEN kind = 'order' AND {_SIZE} < 0 THEN 'return' ELSE kind END"
    lags = record_lags_of(mapping)
    cases = " ".join(f"WHEN {literal(code)} THEN {round(days * DAY_US)}" for code, days in sorted(lags.items()))
    lag = f"CASE kind {cases} ELSE 0 END"
    known = f"coalesce(known_at, occurred_at + to_microseconds({lag}))"
    turned = "CASE WHEN kind = 'return' THEN abs({0}) WHEN kind = 'order' AND {0} < 0 THEN NULL ELSE {0} END"
    replaced = f"{known} AS known_at, {turned.format('amount')} AS amount, {turned.format('quantity')} AS quantity"
    signed = f"SELECT * REPLACE ({kind} AS kind) FROM drafts WHERE NOT coalesce(kind = 'order' AND {_SIZE} = 0, false)"
    return (
        f"SELECT * REPLACE ({replaced}, coalesce(event_id, {_derived_id()}) AS event_id),"
        f" event_id IS NOT NULL AS given_id, known_at IS NOT NULL AS given_time FROM ({signed})"
    )


_LONGEST_OWNER = 64
"""Account ids beyond this length are shortened in ids of events, which would otherwise be too long to be ids."""


def _derived_id() -> str:
    short = f"left(account_id, {_LONGEST_OWNER - 33}) || '-' || md5(account_id)"
    owner = f"CASE WHEN length(account_id) <= {_LONGEST_OWNER} THEN account_id ELSE {short} END"
    return f"{owner} || '/' || epoch_us(occurred_at) || '/' || kind"


def _given_ids(workspace: Workspace, labels: Sequence[str]) -> list[Finding]:
    """Drops the copies of an event, numbers the events whose derived ids coincide, reports ids with two contents."""
    workspace.connection.execute(_REPEATS)
    conflicts = workspace.connection.execute(
        "SELECT event_id, count(*), min(source_row), min(source), max(source_row) FROM repeats"
        " WHERE given_id GROUP BY event_id HAVING count(DISTINCT content) > 1 ORDER BY 3 LIMIT 5"
    ).fetchall()
    if conflicts:
        return [_conflict(workspace, conflicts, labels)]
    (copies,) = one_row(workspace.connection, "SELECT count(*) FROM repeats WHERE given_id AND nth > 1")
    (alike,) = one_row(
        workspace.connection, "SELECT count(*) FROM repeats WHERE NOT given_id AND nth > 1 AND content = previous"
    )
    workspace.connection.execute(
        "DELETE FROM events WHERE rowid IN (SELECT place FROM repeats WHERE given_id AND nth > 1)"
    )
    workspace.connection.execute(
        "UPDATE events SET event_id = events.event_id || '#' || nth FROM repeats"
        " WHERE events.rowid = place AND NOT repeats.given_id AND nth > 1"
    )
    result = (("copies", FindingLevel.LEFT_OUT, copies), ("alike", FindingLevel.WARNING, alike))
    (total,) = one_row(workspace.connection, "SELECT count(*) FROM events")
    return [
        Finding(message, level, "events", count=count, share=count / total) for message, level, count in result if count
    ]


_HASHED = f"hash({', '.join(_CONTENT)})"
_REPEATS = f"""CREATE TABLE repeats AS
WITH suspects AS (SELECT hash(event_id) AS h FROM events GROUP BY h HAVING count(*) > 1),
rows AS (
  SELECT rowid AS place, event_id, given_id, source, source_row, {_HASHED} AS content
  FROM events WHERE hash(event_id) IN (SELECT h FROM suspects)
)
SELECT *, row_number() OVER same AS nth, lag(content) OVER same AS previous FROM rows
WINDOW same AS (PARTITION BY event_id ORDER BY content, source, source_row)"""


def _conflict(workspace: Workspace, conflicts: list[Any], labels: Sequence[str]) -> Finding:
    (count,) = one_row(
        workspace.connection,
        "SELECT count(*) FROM (SELECT event_id FROM repeats WHERE given_id"
        " GROUP BY event_id HAVING count(DISTINCT content) > 1)",
    )
    rows = tuple(row for result in conflicts for row in (result[2], result[4]) if row is not None)
    values = tuple(result[0] for result in conflicts)
    source = labels[conflicts[0][3]]
    return Finding("two_contents", FindingLevel.REFUSAL, "events", "event_id", count, None, source, rows, values)


def _negative_sums(workspace: Workspace, mapping: ImportMapping) -> list[Finding]:
    """Days of other kinds than order and return whose summed amount fell below zero."""
    below = "amount < 0 OR quantity < 0"
    (count,) = one_row(workspace.connection, f"SELECT count(*) FROM events WHERE {below}")
    if not count:
        return []
    (total,) = one_row(workspace.connection, "SELECT count(*) FROM events")
    limit = mapping.tolerate.get("out_of_range_amount")
    level = FindingLevel.LEFT_OUT if limit is not None and count / total <= limit else FindingLevel.REFUSAL
    workspace.connection.execute(f"DELETE FROM events WHERE {below}")
    return [Finding("out_of_range", level, "events", "amount", count, count / total)]


def measured_lags(workspace: Workspace, mapping: ImportMapping) -> Mapping[str, RecordLag]:
    """Kind → the 95th percentile of its lag in days where record times were given, else the days assumed."""
    lags = record_lags_of(mapping)
    rows = workspace.connection.execute(
        "SELECT kind, quantile_cont((epoch_us(known_at) - epoch_us(occurred_at)) / 86400e6, 0.95) FILTER (given_time)"
        " FROM events GROUP BY kind ORDER BY kind"
    ).fetchall()
    return {
        kind: RecordLag(days=lags.get(kind, 0.0))
        if measured is None
        else RecordLag(p95_days=max(round(measured, 6), 0.0))
        for kind, measured in rows
    }
