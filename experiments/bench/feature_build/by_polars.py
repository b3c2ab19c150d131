"""The features by Polars, in two formulations."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from experiments.bench.feature_build.feature_requests import ZERO_WHEN_EMPTY, FeatureRequest, Seasons
from features.definitions import Aggregation, Atom, Calendar, Combined, Operation, Peer
from features.peers import FEWEST
from kqml.calendar.business_time import DAY_US

if TYPE_CHECKING:
    import polars as pl

CUTOFFS_AT_ONCE = 3
"""Of the formulation that pairs events with cutoffs: pairs with all cutoffs at once do not fit in memory."""


def by_cutoff(folder: Path, request: FeatureRequest, cutoffs: list[int], seasons: Seasons) -> "Iterator[pl.DataFrame]":
    """One group-by per cutoff over the events of each stream, joined."""
    import polars as pl

    accounts, events, streams = _read(folder, request)
    for cutoff in cutoffs:
        cut = pl.lit(cutoff, dtype=pl.Int64)
        keys = accounts.lazy().with_columns(cut.alias("cutoff"))
        visible = [_visible(events_of_stream.lazy(), cut) for events_of_stream in (events, *streams)]
        yield _finished(request, keys, visible, ["account"], cut, seasons)


def by_pairs(folder: Path, request: FeatureRequest, cutoffs: list[int], seasons: Seasons) -> "Iterator[pl.DataFrame]":
    """Every event paired with every later cutoff, one group-by over the pairs, a few cutoffs at a time."""
    import polars as pl

    accounts, events, streams = _read(folder, request)
    for start in range(0, len(cutoffs), CUTOFFS_AT_ONCE):
        moments = pl.LazyFrame({"cutoff": cutoffs[start : start + CUTOFFS_AT_ONCE]})
        keys, cut = accounts.lazy().join(moments, how="cross"), pl.col("cutoff")
        pairs = [frame.lazy().join(moments, how="cross", maintain_order="left") for frame in (events, *streams)]
        visible = [_visible(frame, cut) for frame in pairs]
        yield _finished(request, keys, visible, ["account", "cutoff"], cut, seasons)


def _read(folder: Path, request: FeatureRequest) -> "tuple[pl.DataFrame, pl.DataFrame, list[pl.DataFrame]]":
    """The accounts numbered, the events by account number and time, the same per stream; instants as integers."""
    import polars as pl

    accounts = pl.read_parquet(folder / "accounts.parquet").sort("account_id").with_row_index("account")
    wide, narrow = pl.col("segment"), pl.concat_str("segment", "region")
    accounts = accounts.with_columns(wide.alias("wide"), narrow.alias("narrow"))
    events = pl.scan_parquet(folder / "events" / "*.parquet").select(
        pl.col("account_id").cast(pl.Enum(accounts["account_id"])).to_physical().alias("account"),
        pl.col("occurred_at").dt.epoch("us").alias("time"),
        pl.col("known_at").dt.epoch("us").alias("known"),
        pl.col("kind").cast(pl.Categorical),
        *request.values,
    )
    sorted_events = events.collect().sort("account", "time", maintain_order=True)
    streams = [sorted_events.filter(pl.col("kind").is_in(list(kinds))) for kinds, _ in request.streams]
    return accounts.select("account", "wide", "narrow"), sorted_events.select("account", "time", "known"), streams


def _visible(events: "pl.LazyFrame", cut: "pl.Expr") -> "pl.LazyFrame":
    import polars as pl

    return events.filter((pl.col("time") < cut) & (pl.col("known") < cut))


def _finished(
    request: FeatureRequest,
    keys: "pl.LazyFrame",
    visible: "list[pl.LazyFrame]",
    by: list[str],
    cut: "pl.Expr",
    seasons: Seasons,
) -> "pl.DataFrame":
    """The rows of `keys` with all columns, from the visible events, all of them first, then of each stream."""
    import polars as pl

    table = keys.join(visible[0].group_by(by).agg(pl.col("time").min().alias("opened")), on=by, how="left")
    for (_, atoms), stream in zip(request.streams, visible[1:], strict=True):
        results = [_atom(atom, cut).alias(atom.column) for atom in atoms]
        table = table.join(stream.group_by(by).agg(results), on=by, how="left")
    table = table.with_columns(_describe(atom) for _, atoms in request.streams for atom in atoms)
    for parts in request.combined:
        table = table.with_columns(map(_combined, parts))
    table = table.with_columns(*_peers(request.peers), *_seasons(request.calendars, seasons))
    return table.select("account", "cutoff", *request.columns).collect()


def _atom(atom: Atom, cut: "pl.Expr") -> "pl.Expr":
    """One aggregation over the visible events of a group, in order of time."""
    import polars as pl

    time = pl.col("time")
    if atom.aggregation.is_timeless:
        return _timeless(atom, cut)
    inside = None if atom.days is None else time >= cut - (atom.lag + atom.days) * DAY_US
    if inside is not None and atom.lag:
        inside = inside & (time < cut - atom.lag * DAY_US)
    if atom.aggregation is Aggregation.COUNT:
        return pl.len() if inside is None else inside.sum()
    source = {
        Aggregation.DAYS: time // DAY_US,
        Aggregation.WEEKS: (time // DAY_US + 3) // 7,
    }.get(atom.aggregation, pl.col(str(atom.value)))
    return _of(atom.aggregation, source if inside is None else source.filter(inside))


def _of(aggregation: Aggregation, items: "pl.Expr") -> "pl.Expr":
    match aggregation:
        case Aggregation.DAYS | Aggregation.WEEKS | Aggregation.DISTINCT:
            return items.n_unique()
        case Aggregation.SINGLE:
            return items.n_unique() == 1
        case Aggregation.MINIMUM:
            return items.min()
        case Aggregation.SUM:
            return items.sum()
        case Aggregation.MEAN:
            return items.mean()
        case Aggregation.STD:
            return items.std()
        case Aggregation.CV:
            return items.std() / items.mean().abs()
        case _:
            return items.max()


def _timeless(atom: Atom, cut: "pl.Expr") -> "pl.Expr":
    import polars as pl

    time = pl.col("time")
    if atom.aggregation is Aggregation.SINCE_LAST:
        return (cut - time).last() / DAY_US
    if atom.aggregation is Aggregation.SINCE_FIRST:
        return (cut - time).first() / DAY_US
    gaps = time.tail((atom.last or 1) + 1).diff().drop_nulls()
    match atom.aggregation:
        case Aggregation.GAP_STD:
            return gaps.std() / DAY_US
        case Aggregation.GAP_MEDIAN:
            return gaps.median() / DAY_US
        case Aggregation.GAP_P90:
            return gaps.quantile(0.9, "linear") / DAY_US
        case _:
            return gaps.mean() / DAY_US


def _describe(atom: Atom) -> "pl.Expr":
    """0 where the stream has nothing, missing where the window begins before the account."""
    import polars as pl

    result = pl.col(atom.column)
    if atom.aggregation in ZERO_WHEN_EMPTY:
        result = result.cast(pl.Float64).fill_null(0) if atom.aggregation is Aggregation.SINGLE else result.fill_null(0)
    if atom.aggregation.is_timeless:
        return result
    begin = pl.col("cutoff") - (atom.lag + (atom.days or 0)) * DAY_US
    return pl.when(begin >= pl.col("opened")).then(result).alias(atom.column)


def _combined(part: Combined) -> "pl.Expr":
    import polars as pl

    left, right = pl.col(part.left.column).cast(pl.Float64), pl.col(part.right.column).cast(pl.Float64)
    if part.operation is Operation.DIFFERENCE:
        return (left - right).alias(part.column)
    scale = 1.0
    if part.operation is Operation.RATE_RATIO and isinstance(part.left, Atom):
        scale = (part.right.days or 1) / (part.left.days or 1)
    return pl.when(right != 0).then(left / right * scale).alias(part.column)


def _peers(peers: list[Peer]) -> "Iterator[pl.Expr]":
    import polars as pl

    for peer in peers:
        own = pl.col(peer.own.column)
        means = [
            pl.when(own.count().over(cell) >= FEWEST).then(own.mean().over(cell))
            for cell in (["cutoff", "narrow"], ["cutoff", "wide"], ["cutoff"])
        ]
        mean = pl.coalesce(means)
        yield (mean if peer.mean else own - mean).alias(peer.column)


def _seasons(calendars: list[Calendar], seasons: Seasons) -> "Iterator[pl.Expr]":
    import polars as pl

    for index, calendar in enumerate(calendars):
        known: dict[Any, Any] = {cutoff: numbers[index] for cutoff, numbers in seasons.items()}
        yield pl.col("cutoff").replace_strict(known, return_dtype=pl.Float64).alias(calendar.column)
