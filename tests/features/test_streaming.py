"""A dataset read in chunks gives the matrix of the whole log, to the bit."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from features.catalog import catalog
from features.chunks import chunks_of
from features.context import context_of
from features.engine import build_features
from features.peers import Peers
from features.plan import compile_plan
from features.profile import cells_of, profile_of
from features.rows import Rows
from features.streaming import stream_dataset
from kqml.calendar import DAY_US
from kqml.dataset import ColumnUse, DatasetInfo, QuietPeriod, read_dataset, write_dataset
from kqml.eventlog import CODES, VALUES

PLAN = compile_plan(catalog())
CUTOFFS = np.array([19_000, 19_090, 19_300]) * DAY_US
ACCOUNTS = 60


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    """Sixty accounts, one without events, one that only events name; tiers that change; a kind that comes late."""
    rng = np.random.default_rng(7)
    count = 4000
    ids = np.array([f"s{place:02d}" for place in range(1, ACCOUNTS + 1)])
    kinds = rng.choice(["order", "visit", "return", "tier_changed", "complaint"], count, p=[0.6, 0.2, 0.1, 0.02, 0.08])
    occurred = (18_500 * DAY_US + rng.integers(0, 900 * 24, count) * (DAY_US // 24)).astype("datetime64[us]")
    note = json.dumps({"from": "B", "to": "A"})
    known = occurred + np.where(rng.random(count) < 0.3, 5, 0) * np.timedelta64(1, "D")
    instant = pa.timestamp("us", tz="UTC")
    events = pa.table(
        {
            "event_id": [f"e{place:05d}" for place in range(count)],
            "account_id": rng.choice(ids, count),
            "occurred_at": pa.array(occurred).cast(instant),
            "known_at": pa.array(known).cast(instant),
            "kind": kinds,
            "amount": np.where(np.isin(kinds, ["order", "return"]), rng.lognormal(4, 1, count), np.nan),
            "contact_id": rng.choice(["c1", "c2", "c3"], count),
            "attributes": [note if kind == "tier_changed" else None for kind in kinds],
        }
    ).sort_by([(name, "ascending") for name in ("account_id", "occurred_at", "event_id")])
    accounts = pd.DataFrame(
        {
            "account_id": ["s00", *ids[:-1]],
            "tier": rng.choice(["A", "B"], ACCOUNTS),
            "segment": rng.choice(["pharmacy", "dealer"], ACCOUNTS),
            "region": "north",
        }
    )
    info = DatasetInfo(
        quiet_periods=(QuietPeriod("2021-02-08", "2021-02-20", "Spring Festival"),),
        columns={"tier": ColumnUse(complete_since="2021-12-01")},
    )
    folder = tmp_path_factory.mktemp("dataset") / "small"
    write_dataset(folder, {"accounts": pa.Table.from_pandas(accounts), "events": events}, info)
    return read_dataset(folder)


def whole(dataset):
    log = dataset.event_log()
    rows = Rows.grid(log.account_count, CUTOFFS)
    peers = Peers(cells_of(profile_of(dataset, rows), len(rows)))
    return log, build_features(log, rows, PLAN, context_of(dataset.info, dataset.accounts(), log), peers=peers)


@pytest.mark.parametrize(("threads", "events"), [(1, 150), (2, 700), (2, 10**6)])
def test_chunks_give_the_bits_of_the_whole(dataset, threads, events):
    log, expected = whole(dataset)
    parts = stream_dataset(dataset, CUTOFFS, PLAN, threads=threads, events=events)
    built = [replace(part, values=part.values.copy()) for part in parts]
    np.testing.assert_array_equal(np.concatenate([part.accounts for part in built]), log.accounts)
    found = np.concatenate([part.values for part in built])
    np.testing.assert_array_equal(np.isnan(found), np.isnan(expected))
    assert (found[~np.isnan(found)].view(np.int64) == expected[~np.isnan(expected)].view(np.int64)).all()
    assert np.isfinite(expected[:, PLAN.peers]).any(axis=0).all()


def test_chunks_hold_whole_accounts_in_order(dataset):
    chunks = list(chunks_of(dataset, [*VALUES, *CODES], events=100))
    assert len(chunks) > 20
    ids = [name for chunk in chunks for name in chunk.event_log().accounts]
    assert ids == sorted(set(ids)) == list(dataset.event_log().accounts)
    assert sum(len(chunk.event_log()) for chunk in chunks) == len(dataset.event_log())


def test_an_account_without_events_at_the_end_gets_its_rows(dataset, tmp_path):
    accounts = pa.table({"account_id": ["zz"]})
    events = dataset.events().slice(0, 50)
    write_dataset(tmp_path / "two", {"accounts": accounts, "events": events}, replace(dataset.info, fingerprint=""))
    built = list(stream_dataset(read_dataset(tmp_path / "two"), CUTOFFS, PLAN))
    names = np.concatenate([part.accounts for part in built])
    assert names[-1] == "zz"
    assert sum(len(part.values) for part in built) == len(names) * len(CUTOFFS)
