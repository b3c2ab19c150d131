"""The features by DuckDB, in two formulations."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from experiments.bench.feature_build.feature_requests import ZERO_WHEN_EMPTY, FeatureRequest, Seasons
from features.definitions import Aggregation, Atom, Combined, Operation
from features.peers import FEWEST
from kqml.calendar.business_time import DAY_US

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa
THREADS = 2
MEMORY = "12GB"


def by_cutoff(
    folder: Path, request: FeatureRequest, cutoffs: list[int], seasons: Seasons
) -> "Iterator[pa.RecordBatch]":
    """One query per cutoff."""
    connection = _opened(folder, request)
    for cutoff in cutoffs:
        yield from _answer(connection, request, [cutoff], seasons, f"SELECT *, {cutoff} AS cutoff FROM events")


def by_range_join(
    folder: Path, request: FeatureRequest, cutoffs: list[int], seasons: Seasons
) -> "Iterator[pa.RecordBatch]":
    """One query, in which the events are joined to the cutoffs after them."""
    connection = _opened(folder, request)
    joined = "SELECT events.*, cutoff FROM events JOIN moments ON time < cutoff AND known < cutoff"
    yield from _answer(connection, request, cutoffs, seasons, joined)


def _opened(folder: Path, request: FeatureRequest) -> "duckdb.DuckDBPyConnection":
    """A database in memory with the accounts numbered, the events by account number and time."""
    import duckdb

    connection = duckdb.connect(config={"threads": THREADS, "memory_limit": MEMORY})
    columns = "".join(f", {name}" for name in request.values)
    connection.execute(
        f"""
        CREATE TABLE accounts AS SELECT row_number() OVER (ORDER BY account_id) - 1 AS account, account_id,
          segment AS wide, segment || region AS narrow FROM read_parquet('{folder}/accounts.parquet');
        CREATE TABLE events AS SELECT account, epoch_us(occurred_at) AS time, epoch_us(known_at) AS known, kind{columns}
          FROM read_parquet('{folder}/events/*.parquet') JOIN accounts USING (account_id) ORDER BY account, time;
        """
    )
    return connection


def _answer(
    connection: "duckdb.DuckDBPyConnection", request: FeatureRequest, cutoffs: list[int], seasons: Seasons, paired: str
) -> "Iterator[pa.RecordBatch]":
    numbers = "".join(f", season{index}" for index in range(len(request.calendars)))
    rows = ", ".join(f"({', '.join(map(repr, (cutoff, *seasons[cutoff])))})" for cutoff in cutoffs)
    connection.execute(f"CREATE OR REPLACE TABLE moments AS SELECT * FROM (VALUES {rows}) AS given(cutoff{numbers})")
    reader: pa.RecordBatchReader = connection.sql(_query(request, paired)).to_arrow_reader(100_000)
    yield from reader


def _query(request: FeatureRequest, paired: str) -> str:
    visible = f"(SELECT * FROM ({paired}) WHERE time < cutoff AND known < cutoff)"
    parts = [f"opened AS (SELECT account, cutoff, min(time) AS opened FROM {visible} GROUP BY account, cutoff)"]
    for index, (kinds, atoms) in enumerate(request.streams):
        named = ", ".join(f"'{kind}'" for kind in kinds)
        parts.append(f"stream{index} AS ({_stream(f'{visible} WHERE kind IN ({named})', atoms)})")
    joins = "".join(f" LEFT JOIN stream{index} USING (account, cutoff)" for index in range(len(request.streams)))
    details = ", ".join(_describe(atom) for _, atoms in request.streams for atom in atoms)
    keys = "accounts CROSS JOIN moments LEFT JOIN opened USING (account, cutoff)"
    seasons = "".join(f", season{index}" for index in range(len(request.calendars)))
    parts.append(f"step0 AS (SELECT account, cutoff, wide, narrow{seasons}, {details} FROM {keys}{joins})")
    for index, combined in enumerate(request.combined):
        result = "".join(f", {_combined(part)}" for part in combined)
        parts.append(f"step{index + 1} AS (SELECT *{result} FROM step{index})")
    return f"WITH {', '.join(parts)} SELECT account, cutoff, {_outputs(request)} FROM step{len(request.combined)}"


def _stream(source: str, atoms: Sequence[Atom]) -> str:
    """One stream's atoms per account and cutoff."""
    plain = [f"{_aggregate(atom)} AS {_name(atom.column)}" for atom in atoms if not _of_list(atom)]
    listed = [f"{_gaps(atom)} AS {_name(atom.column)}" for atom in atoms if _of_list(atom)]
    if not listed:
        return f"SELECT account, cutoff, {', '.join(plain)} FROM {source} GROUP BY account, cutoff"
    most = max(atom.last or 1 for atom in atoms if _of_list(atom))
    grouped = ", ".join([*plain, f"list(time ORDER BY time)[-{most + 1}:] AS times"])
    inner = f"SELECT account, cutoff, {grouped} FROM {source} GROUP BY account, cutoff"
    between = "list_transform(range(1, len(times)), lambda place: times[place + 1] - times[place])"
    return f"SELECT *, {', '.join(listed)} FROM (SELECT *, {between} AS gaps FROM ({inner}))"


def _of_list(atom: Atom) -> bool:
    return atom.aggregation.reads_gaps or atom.aggregation is Aggregation.GAP_LAST


def _gaps(atom: Atom) -> str:
    gaps = f"gaps[-{atom.last or 1}:]"
    functions = {
        Aggregation.GAP_STD: "'stddev_samp'",
        Aggregation.GAP_MEDIAN: "'median'",
        Aggregation.GAP_P90: "'quantile_cont', 0.9",
    }
    return f"list_aggregate({gaps}, {functions.get(atom.aggregation, repr('avg'))}) / {DAY_US}.0"


def _aggregate(atom: Atom) -> str:
    if atom.aggregation is Aggregation.SINCE_LAST:
        return f"(cutoff - max(time)) / {DAY_US}.0"
    if atom.aggregation is Aggregation.SINCE_FIRST:
        return f"(cutoff - min(time)) / {DAY_US}.0"
    inside = _inside(atom)
    if atom.aggregation is Aggregation.SINGLE:
        return f"(count(DISTINCT {atom.value}){inside} = 1)::INT"
    functions = {
        Aggregation.COUNT: ("count(*)",),
        Aggregation.DAYS: (f"count(DISTINCT time // {DAY_US})",),
        Aggregation.WEEKS: (f"count(DISTINCT (time // {DAY_US} + 3) // 7)",),
        Aggregation.DISTINCT: (f"count(DISTINCT {atom.value})",),
        Aggregation.SUM: (f"sum({atom.value})",),
        Aggregation.MEAN: (f"avg({atom.value})",),
        Aggregation.STD: (f"stddev_samp({atom.value})",),
        Aggregation.CV: (f"stddev_samp({atom.value})", f"avg({atom.value})"),
        Aggregation.MAXIMUM: (f"max({atom.value})",),
        Aggregation.MINIMUM: (f"min({atom.value})",),
    }[atom.aggregation]
    first, *divisors = (f"{function}{inside}" for function in functions)
    return " / ".join([first, *(f"abs({divisor})" for divisor in divisors)])


def _inside(atom: Atom) -> str:
    if atom.days is None:
        return ""
    begin = f"time >= cutoff - {(atom.lag + atom.days) * DAY_US}"
    end = f" AND time < cutoff - {atom.lag * DAY_US}" if atom.lag else ""
    return f" FILTER (WHERE {begin}{end})"


def _describe(atom: Atom) -> str:
    """0 where the stream has nothing, missing where the window begins before the account."""
    name = _name(atom.column)
    message = f"coalesce({name}, 0)" if atom.aggregation in ZERO_WHEN_EMPTY else name
    if atom.aggregation.is_timeless:
        return f"{message} AS {name}"
    begin = f"cutoff - {(atom.lag + (atom.days or 0)) * DAY_US}"
    return f"CASE WHEN {begin} >= opened THEN {message} END AS {name}"


def _combined(part: Combined) -> str:
    left, right = _name(part.left.column), _name(part.right.column)
    if part.operation is Operation.DIFFERENCE:
        return f"{left} - {right} AS {_name(part.column)}"
    scale = 1.0
    if part.operation is Operation.RATE_RATIO and isinstance(part.left, Atom):
        scale = (part.right.days or 1) / (part.left.days or 1)
    return f"{left}::DOUBLE / nullif({right}::DOUBLE, 0) * {scale!r} AS {_name(part.column)}"


def _outputs(request: FeatureRequest) -> str:
    """Every column; peers are the number less the mean of the narrowest cell that has enough."""
    peers = {peer.column: _peer(_name(peer.own.column), peer.mean) for peer in request.peers}
    seasons = {calendar.column: f"season{index}" for index, calendar in enumerate(request.calendars)}
    special = {**peers, **seasons}
    return ", ".join(f"{special.get(column, _name(column))} AS {_name(column)}" for column in request.columns)


def _peer(own: str, mean: bool) -> str:
    means = [
        f"CASE WHEN count({own}) OVER (PARTITION BY {cell}) >= {FEWEST} THEN avg({own}) OVER (PARTITION BY {cell}) END"
        for cell in ("cutoff, narrow", "cutoff, wide", "cutoff")
    ]
    return f"{'' if mean else f'{own} - '}coalesce({', '.join(means)})"


def _name(column: str) -> str:
    return f'"{column}"'
