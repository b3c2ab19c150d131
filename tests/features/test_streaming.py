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
from features.engine import build_features, build_reference
from features.peers import PeerCells, Peers
from features.plan import compile_plan
from features.profile import cells_of, profile_of
from features.rows import Rows
from features.streaming import stream_dataset
from kqml.calendar.business_time import DAY_US
from kqml.dataset.folder import ColumnUse, DatasetInfo, QuietPeriod, read_dataset, write_dataset
from kqml.history.builders import event_log_of
from kqml.history.event_log import CODES, VALUES

PLAN = compile_plan(catalog())
KINDS = {
    "order": 0.5,
    "visit": 0.2,
    "return": 0.05,
    "tier_changed": 0.02,
    "complaint": 0.05,
    "complaint_resolved": 0.03,
    "payment_due": 0.05,
    "payment_received": 0.03,
    "inbound": 0.02,
    "help_asked": 0.02,
    "card_updated": 0.01,
    "rep_assigned": 0.02,
}
"""Kinds by their share."""

OPENED_BY = {"complaint_resolved": "complaint", "payment_received": "payment_due"}
NOTES = {
    "tier_changed": (json.dumps({"from": "B", "to": "A"}), json.dumps({"from": "A", "to": "B"})),
    "help_asked": (json.dumps({"topic": "price"}), None),
    "card_updated": (json.dumps({"fields": ["size", "contract"]}), json.dumps({"fields": ["contacts.role"]})),
}
CUTOFFS = np.array([19_000, 19_090, 19_300]) * DAY_US
ACCOUNTS = 60


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    """Sixty accounts, one without events, one that only events name; tiers that change; a kind that comes late."""
    rng = np.random.default_rng(7)
    count = 4000
    ids = np.array([f"s{place:02d}" for place in range(1, ACCOUNTS + 1)])
    kinds = rng.choice(list(KINDS), count, p=list(KINDS.values()))
    occurred = (18_500 * DAY_US + rng.integers(0, 900 * 24, count) * (DAY_US // 24)).astype("datetime64[us]")
    account = rng.choice(ids, count)
    last = {}
    refs = []
    for place in np.lexsort((occurred, account)).tolist():
        last[account[place], kinds[place]] = f"e{place:05d}"
        refs.append((place, last.get((account[place], OPENED_BY.get(kinds[place])))))
    known = occurred + np.where(rng.random(count) < 0.3, 5, 0) * np.timedelta64(1, "D")
    instant = pa.timestamp("us", tz="UTC")
    events = pa.table(
        {
            "event_id": [f"e{place:05d}" for place in range(count)],
            "account_id": account,
            "occurred_at": pa.array(occurred).cast(instant),
            "known_at": pa.array(known).cast(instant),
            "kind": kinds,
            "amount": np.where(np.isin(kinds, ["order", "return", "payment_due"]), rng.lognormal(4, 1, count), np.nan),
            "contact_id": rng.choice(["c1", "c2", "c3"], count),
            "rep_id": rng.choice(["r1", "r2"], count),
            "minutes": np.where(kinds == "visit", rng.integers(1, 30, count), np.nan),
            "authenticity": np.where(kinds == "visit", rng.random(count), np.nan),
            "due_at": pa.array(occurred + np.timedelta64(9, "D"), mask=rng.random(count) < 0.5).cast(instant),
            "ref": [ref for _, ref in sorted(refs)],
            "attributes": [NOTES.get(kind, (None, None))[place % 2] for place, kind in enumerate(kinds)],
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
    np.testing.assert_array_equal(bits(found), bits(expected))
    assert np.isfinite(expected[:, PLAN.peers]).any(axis=0).all()


def test_the_records_of_one_account_give_the_bits_of_the_whole(dataset):
    """As the service sees it: the events as plain records, the tier as known at the cutoff, the peers of all."""
    log, expected = whole(dataset)
    rows = Rows.grid(log.account_count, CUTOFFS)
    context, profile = context_of(dataset.info, dataset.accounts(), log), profile_of(dataset, rows)
    reference = build_reference(log, rows, PLAN, context, cells_of(profile, len(rows)))
    table = dataset.events().to_pandas()
    for account in range(0, log.account_count, 7):
        name = log.accounts[account]
        own = table[table["account_id"] == name].astype(object)
        records = own.where(own.notna(), None).to_dict("records")
        alone, at = event_log_of({name: records}), rows.account == account
        tiers, regions = (profile[column][at].tolist() for column in ("tier", "region"))
        peers = Peers(PeerCells.of(tiers, regions), reference)
        world = context.between(account, account + 1)
        found = build_features(alone, Rows.grid(1, CUTOFFS), PLAN, world, peers=peers)
        np.testing.assert_array_equal(np.isnan(found), np.isnan(expected[at]))
        np.testing.assert_array_equal(bits(found), bits(expected[at]))


SPEAKING = ("complaint_open", "complaint_closing_days_365d", "payment_due_amount_overdue_sum", "inbound_overdue_90d")
SPEAKING += ("emotional_balance", "card_known", "handover_closing_days_365d", "visit_counted_sum_28d__over_target")


@pytest.mark.parametrize("column", SPEAKING)
def test_these_accounts_have_what_the_rules_read(dataset, column):
    numbers = whole(dataset)[1][:, PLAN.columns.index(column)]
    assert len(np.unique(numbers[np.isfinite(numbers)])) > 2


def bits(numbers):
    return numbers.view(np.int64)[~np.isnan(numbers)]


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
