"""The profile of accounts as known at a cutoff (tier, segment, region), as words and as codes of a vocabulary."""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from features.context import NEVER
from features.peers import PeerCells, tier_indices
from features.rows import Rows
from kqml.calendar.business_time import instant_of, local_midnight
from kqml.dataset.folder import DatasetInfo
from kqml.events import EventKind
from kqml.history.attributes import ANY_TIME, change_of, value_before
from kqml.history.event_log import EventLog

STATIC = ("segment", "region")
"""Columns that never change, unless the dataset says that they may not be used."""

TIER = "tier"
Texts = NDArray[np.object_]


class Described(Protocol):
    """What a profile needs of a dataset or a chunk."""

    @property
    def info(self) -> DatasetInfo: ...
    def event_log(self) -> EventLog: ...
    def accounts(self) -> pd.DataFrame: ...
    def events(self, columns: Iterable[str]) -> pa.Table: ...


def profile_of(dataset: Described, rows: Rows) -> pd.DataFrame:
    """Return tier, segment and region of each row, text or None, as far as the dataset has them and allows their use.

    The tier is the one known before the cutoff, from tier-change events; it is missing before the date since which
    these are declared complete, and everywhere without a declaration.
    """
    accounts = dataset.accounts()
    columns = {name: texts(accounts, name)[rows.account] for name in usable(accounts, dataset.info) if name != TIER}
    if TIER in usable(accounts, dataset.info):
        columns = {TIER: _tiers(dataset, rows, texts(accounts, TIER)), **columns}
    return pd.DataFrame(columns, index=pd.RangeIndex(len(rows)), dtype=object)


def usable(accounts: pd.DataFrame, info: DatasetInfo) -> tuple[str, ...]:
    """Return the columns of `accounts` that describe an account at a past cutoff too."""
    allowed = [name for name in STATIC if name in accounts and (name not in info.columns or info.columns[name].usable)]
    tier = info.columns.get(TIER)
    complete = TIER in accounts and tier is not None and tier.usable and tier.complete_since is not None
    return ((TIER,) if complete else ()) + tuple(allowed)


def reads_attributes(info: DatasetInfo) -> bool:
    """Return whether a profile reads the attributes of events, where changes of the tier are noted."""
    return TIER in info.columns and info.columns[TIER].complete_since is not None


def texts(accounts: pd.DataFrame, name: str) -> Texts:
    """Return a column as text, None where missing."""
    column = accounts[name]
    result: Texts = column.astype(object).to_numpy(copy=True)
    result[column.isna().to_numpy()] = None
    return result


def _tiers(dataset: Described, rows: Rows, now: Texts) -> Texts:
    """Return each row's tier; None before changes are complete."""
    tiers = known_texts(dataset, EventKind.TIER_CHANGED, rows, now)
    tiers[rows.cutoff < _complete_since(dataset.info)] = None
    return tiers


def known_texts(dataset: Described, kind: EventKind, rows: Rows, now: Texts) -> Texts:
    """Return each row's text of the attribute that events of a kind change; `now`: the values of now per account.

    The same as `kqml.history.attributes.attribute_at` gives for a single account.
    """
    changes = dataset.event_log().of_kinds([kind])
    before, after = _changes(dataset, kind, changes, now)
    _, latest = changes.known_steps.before(rows.account, rows.cutoff)
    values, changed = before[rows.account], latest >= 0
    values[changed] = after[latest[changed]]
    return values


def _changes(dataset: Described, kind: EventKind, changes: EventLog, now: Texts) -> tuple[Texts, Texts]:
    """Return each account's text before its first change; the one after every change, in the order of the log."""
    events = dataset.events(["account_id", "occurred_at", "kind", "rep_id", "attributes"])
    rows = events.filter(pc.equal(events["kind"], kind.code))
    notes, reps = (_column(rows, name) for name in ("attributes", "rep_id"))
    read = zip(notes, reps, strict=True)
    said = [change_of(kind, ANY_TIME, json.loads(note or "{}"), rep) for note, rep in read]
    before = now.copy()
    for account in np.flatnonzero(np.diff(changes.offsets)).tolist():
        first, end = changes.offsets[account : account + 2].tolist()
        before[account] = value_before(now[account], said[first:end])
    return before, _objects([change.after for change in said])


def _column(table: pa.Table, name: str) -> list[Any]:
    return list(table[name].to_pylist()) if name in table.column_names else [None] * len(table)


def _objects(items: Sequence[str | None]) -> Texts:
    array = np.empty(len(items), dtype=object)
    array[:] = items
    return array


def _complete_since(info: DatasetInfo) -> int:
    use = info.columns.get(TIER)
    if use is None or use.complete_since is None:
        return NEVER
    moment = pd.Timestamp(use.complete_since)
    return (
        local_midnight(moment.date(), info.time_zone) if moment.tzinfo is None else instant_of(moment.to_pydatetime())
    )


def cells_of(profile: pd.DataFrame, rows: int) -> PeerCells:
    """Return the cells of rows by their profile: tier (else segment) × region within tier (else segment)."""
    nothing = pd.Series(np.full(rows, None, dtype=object))
    segment = profile.get("segment", nothing)
    tier = profile.get(TIER, nothing)
    tier_codes, tier_names = pd.factorize(tier.to_numpy(dtype=object))
    wide, wide_names = pd.factorize(tier.where(tier.notna(), segment).to_numpy(dtype=object))
    region, region_names = pd.factorize(profile.get("region", nothing).to_numpy(dtype=object))
    pairs = np.where((wide >= 0) & (region >= 0), wide * max(len(region_names), 1) + region, -1)
    used = np.unique(pairs[pairs >= 0])
    names = [f"{wide_names[p // len(region_names)]}|{region_names[p % len(region_names)]}" for p in used]
    narrow = np.where(pairs >= 0, len(wide_names) + np.searchsorted(used, pairs), -1)
    tiers = np.append(tier_indices(tier_names), np.int8(-1))[tier_codes]
    return PeerCells((*map(str, wide_names), *names), narrow.astype(np.int32), wide.astype(np.int32), tiers)


Vocabulary = Mapping[str, tuple[str, ...]]


def vocabulary_of(profile: pd.DataFrame) -> dict[str, tuple[str, ...]]:
    """Return the distinct words of each column, ascending; columns without any word are left out."""
    words = {str(name): tuple(sorted(profile[name].dropna().unique().tolist())) for name in profile.columns}
    return {name: known for name, known in words.items() if known}


def codes_of(profile: pd.DataFrame, vocabulary: Vocabulary) -> NDArray[np.float64]:
    """Return per row and column the index of the word in the vocabulary; NaN where it is absent or unknown."""
    codes = np.full((len(profile), len(vocabulary)), np.nan)
    for column, (name, words) in enumerate(vocabulary.items()):
        if name in profile:
            result = pd.Index(words).get_indexer(pd.Index(profile[name]))
            codes[result >= 0, column] = result[result >= 0]
    return codes
