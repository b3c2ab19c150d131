"""A large seeded company as a dataset folder, written a block of accounts at a time."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from kqml.calendar.business_time import DAY_US
from kqml.dataset.folder import DatasetInfo
from kqml.events import EventKind
from kqml.history.closings import CLOSED_BY

Indices = NDArray[np.int64]

START = 18_262 * DAY_US
"""2020-01-01."""
SPAN_DAYS = 1_100
BLOCK = 10_000
INSTANT = pa.timestamp("us", tz="UTC")

SHARES = {
    EventKind.ORDER: 55.0,
    EventKind.ORDER_CANCELLED: 1.0,
    EventKind.RETURN: 2.5,
    EventKind.DELIVERY: 4.0,
    EventKind.DELIVERY_LATE: 0.8,
    EventKind.SHORT_SUPPLY: 0.7,
    EventKind.INVOICE_ERROR: 0.5,
    EventKind.PAYMENT_DUE: 1.5,
    EventKind.PAYMENT_RECEIVED: 1.4,
    EventKind.VISIT: 11.0,
    EventKind.CALL: 6.0,
    EventKind.MESSAGE: 5.0,
    EventKind.MEETING: 0.6,
    EventKind.TRAINING: 0.5,
    EventKind.GIFT: 0.5,
    EventKind.INBOUND: 2.0,
    EventKind.VISIT_VERIFIED: 1.5,
    EventKind.HELP_GIVEN: 0.9,
    EventKind.HELP_ASKED: 0.9,
    EventKind.HELP_RECEIVED: 0.6,
    EventKind.PROBLEM_RAISED: 0.6,
    EventKind.COMPLAINT: 0.8,
    EventKind.COMPLAINT_RESOLVED: 0.6,
    EventKind.PROMISE_MADE: 0.6,
    EventKind.PROMISE_KEPT: 0.5,
    EventKind.COMPETITOR_SEEN: 0.4,
    EventKind.SLOW_MOVING: 0.3,
    EventKind.PRICE_CHANGE: 0.4,
    EventKind.PROMOTION: 0.4,
    EventKind.STOCK_OUT: 0.3,
    EventKind.REP_ASSIGNED: 0.2,
    EventKind.CONTACT_ADDED: 0.2,
    EventKind.CONTACT_LEFT: 0.1,
    EventKind.CARD_UPDATED: 0.2,
    EventKind.ACCOUNT_SUSPENDED: 0.05,
    EventKind.ACCOUNT_REOPENED: 0.05,
}
"""Kinds by share of the events."""

NOTES = {
    EventKind.HELP_ASKED: '{"topic":"price"}',
    EventKind.HELP_GIVEN: '{"topic":"complaint"}',
    EventKind.CARD_UPDATED: '{"fields":["size","contract"]}',
}
LATE = 0.02
"""Share of records that come up to three days late."""


def cutoffs_of(number: int) -> Indices:
    """So many cutoffs, every 28 days, the last one at the end of the history."""
    return START + (SPAN_DAYS - 28 * np.arange(number - 1, -1, -1)) * DAY_US


def write_company(folder: Path, accounts: int, events: int, seed: int = 0) -> None:
    """Writes the dataset: `events` events of `accounts` accounts in four segments and ten regions."""
    (folder / "events").mkdir(parents=True)
    ids = [f"a{position:07d}" for position in range(accounts)]
    rng = np.random.default_rng(seed)
    described = {
        "account_id": ids,
        "segment": rng.choice(["dealer", "pharmacy", "restaurant", "supermarket"], accounts),
        "region": [f"r{position}" for position in rng.integers(0, 10, accounts)],
    }
    pq.write_table(pa.table(described), folder / "accounts.parquet")
    writer: pq.ParquetWriter | None = None
    for table in _blocks(ids, events, rng):
        writer = writer or pq.ParquetWriter(folder / "events" / "part-00000.parquet", table.schema)
        writer.write_table(table)
    if writer is not None:
        writer.close()
    recorded = {kind.code: "2020-01-01T00:00:00+00:00" for kind in SHARES}
    info = DatasetInfo(time_zone="UTC", kinds_recorded=recorded, source={"seed": seed})
    (folder / "dataset.json").write_text(info.to_json(), encoding="utf-8")


def _blocks(ids: list[str], events: int, rng: np.random.Generator) -> Iterator[pa.Table]:
    """The events, block by block, by account, then time."""
    sizes = np.bincount(rng.integers(0, len(ids), events), minlength=len(ids))
    for start in range(0, len(ids), BLOCK):
        account = np.repeat(np.arange(start, min(start + BLOCK, len(ids))), sizes[start : start + BLOCK])
        opened = rng.integers(0, SPAN_DAYS // 2, BLOCK)[account - start]
        occurred = START + ((opened + rng.random(len(account)) * (SPAN_DAYS - opened)) * DAY_US).astype(np.int64)
        occurred = occurred[np.lexsort((occurred, account))]
        yield _table(ids, account, occurred, rng)


def _table(ids: list[str], account: Indices, occurred: Indices, rng: np.random.Generator) -> pa.Table:
    count = len(account)
    kinds, shares = list(SHARES), np.array(list(SHARES.values()))
    kind = rng.choice(len(kinds), count, p=shares / shares.sum())
    late = np.where(rng.random(count) < LATE, rng.integers(0, 3 * DAY_US, count), 0)
    names = pa.array([kind_of_event.code for kind_of_event in kinds])
    return pa.table(
        {
            "account_id": pa.DictionaryArray.from_arrays(pa.array(account), pa.array(ids)).cast(pa.string()),
            "occurred_at": pa.array(occurred).cast(INSTANT),
            "known_at": pa.array(occurred + late).cast(INSTANT),
            "kind": pa.DictionaryArray.from_arrays(pa.array(kind), names).cast(pa.string()),
            "amount": np.round(rng.lognormal(5, 1, count), 2),
            "quantity": rng.integers(1, 60, count).astype(np.float64),
            "lines": rng.integers(1, 20, count).astype(np.float64),
            "minutes": rng.integers(5, 90, count).astype(np.float64),
            "sentiment": np.round(rng.uniform(-1, 1, count), 2),
            "authenticity": np.round(rng.uniform(0.2, 1, count), 2),
            "contact_id": pa.array(rng.integers(0, 4, count)).cast(pa.string()),
            "channel": pa.array(rng.integers(0, 3, count)).cast(pa.string()),
            "rep_id": pa.array(rng.integers(0, 3, count)).cast(pa.string()),
            "event_id": _numbered(account[0], np.arange(count)),
            "ref": _refs(account, kind, kinds),
            "due_at": pa.array(occurred + 30 * DAY_US, mask=kind != kinds.index(EventKind.PROMISE_MADE)).cast(INSTANT),
            "attributes": pa.DictionaryArray.from_arrays(
                pa.array(kind), pa.array([NOTES.get(kind_of_event) for kind_of_event in kinds])
            ).cast(pa.string()),
        }
    )


def _numbered(block: int, indices: Indices, valid: NDArray[np.bool_] | None = None) -> pa.Array:
    """Ids of a block's events, null where not `valid`."""
    numbers = pa.array(block * 1_000_000_000 + indices, mask=None if valid is None else ~valid)
    return numbers.cast(pa.string())


def _refs(account: Indices, kind: Indices, kinds: list[EventKind]) -> pa.Array:
    """What closes something refers to the latest event before it, in its account, that its kind closes."""
    indices, opener = np.arange(len(account)), np.full(len(account), -1)
    for opening, closing in CLOSED_BY.items():
        latest = np.maximum.accumulate(np.where(kind == kinds.index(opening), indices, -1))
        closes = np.isin(kind, [kinds.index(kind_of_event) for kind_of_event in closing])
        opener[closes] = latest[closes]
    there = (opener >= 0) & (account[opener] == account)
    return _numbered(account[0], opener, there)
