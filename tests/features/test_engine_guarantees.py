"""What the engine promises for any history, to the bit: the future changes nothing, nor does how rows are cut."""

from dataclasses import replace

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from random_logs import CUTOFFS, context_of, histories, log_of

from features.catalog import catalog
from features.context import NEVER
from features.engine import build_features, build_reference, stream_features
from features.engine.build import spans_of
from features.peers import PeerCells, Peers
from features.plan import compile_plan
from features.rows import Rows
from kqml.calendar.business_time import DAY_US

PLAN = compile_plan(catalog())


def same_bits(one, other):
    assert one.shape == other.shape
    np.testing.assert_array_equal(np.isnan(one), np.isnan(other))
    np.testing.assert_array_equal(one[~np.isnan(one)].view(np.int64), other[~np.isnan(other)].view(np.int64))


@settings(max_examples=40, deadline=None)
@given(histories())
def test_deleting_everything_not_known_before_the_cutoff_changes_no_bit(given_):
    log, context = log_of(given_.accounts), context_of(given_.worlds)
    everything = build_features(log, Rows.grid(log.account_count, CUTOFFS), PLAN, context)
    for place, cutoff in enumerate(CUTOFFS):
        known = log.keep((log.known_at < cutoff) & (log.occurred_at < cutoff))
        since = np.where(context.recorded_since < cutoff, context.recorded_since, NEVER)
        alone = Rows.grid(log.account_count, CUTOFFS[place : place + 1])
        then = build_features(known, alone, PLAN, replace(context, recorded_since=since))
        same_bits(then, everything[place :: len(CUTOFFS)])
        counted = replace(log.keep(log.visible_before(cutoff)), retracted_at=None)
        then = build_features(counted, alone, PLAN, replace(context, recorded_since=since))
        same_bits(then, everything[place :: len(CUTOFFS)])


@settings(max_examples=20, deadline=None)
@given(histories(), st.randoms(use_true_random=False))
def test_an_account_alone_at_some_cutoffs_gets_the_bits_it_gets_among_all(given_, random):
    log, context = log_of(given_.accounts), context_of(given_.worlds)
    rows = Rows.grid(log.account_count, CUTOFFS)
    peers = Peers(PeerCells.none(len(rows)), build_reference(log, rows, PLAN, context, PeerCells.none(len(rows))))
    everything = build_features(log, rows, PLAN, context, peers=peers)
    account = random.randrange(log.account_count)
    chosen = sorted(random.sample(range(len(CUTOFFS)), random.randint(1, len(CUTOFFS))))
    alone = Rows.grid(1, CUTOFFS[chosen])
    own, world = log.between(account, account + 1), context.between(account, account + 1)
    found = build_features(own, alone, PLAN, world, peers=Peers(PeerCells.none(len(alone)), peers.reference))
    same_bits(found, everything[rows.account == account][chosen])


def company(accounts=90, seed=5):
    """A deterministic company large enough for cells of peers, with late records, values missing here and there."""
    rng = np.random.default_rng(seed)
    sizes = rng.integers(0, 40, accounts)
    count = int(sizes.sum())
    account = np.repeat(np.arange(accounts), sizes)
    occurred = (rng.integers(-700 * 24, 400 * 24, count) * (DAY_US // 24)).astype(np.int64)
    order = np.lexsort((occurred, account))
    log = log_of([[] for _ in range(accounts)])
    kind = rng.choice(np.arange(0, 28), count).astype(np.uint8)
    late = np.where(rng.random(count) < 0.2, rng.integers(0, 5 * DAY_US, count), 0)
    amount = np.where(rng.random(count) < 0.1, np.nan, rng.lognormal(4, 2, count))
    context = context_of(_quiet_worlds(accounts))
    return (
        replace(
            log,
            offsets=np.concatenate([[0], np.cumsum(sizes)]),
            occurred_at=occurred[order],
            known_at=(occurred + late)[order],
            kind=kind,
            values={"amount": amount, "lines": rng.integers(1, 9, count).astype(float)},
            codes={"contact_id": rng.integers(-1, 6, count).astype(np.int32)},
        ),
        replace(context, recorded_since=np.full_like(context.recorded_since, -700 * DAY_US)),
    )


def _quiet_worlds(accounts):
    from feature_oracle import World

    return [World({}, quiet=[(-20 * DAY_US, -10 * DAY_US)], time_zone="Asia/Shanghai")] * accounts


def test_neither_chunks_nor_threads_change_a_bit():
    log, context = company()
    rows = Rows.grid(log.account_count, CUTOFFS).where(np.arange(log.account_count * len(CUTOFFS)) % 7 != 3)
    region = np.arange(len(rows)) // 3 % 3
    cells = PeerCells.of(["A" if place % 2 else "B" for place in rows.account], [str(place) for place in region])
    whole = build_features(log, rows, PLAN, context, peers=Peers(cells), threads=1, chunk=10**9)
    assert np.isfinite(whole[:, PLAN.peers]).any()
    for threads, chunk in ((1, 1), (2, 16), (3, 100)):
        same_bits(build_features(log, rows, PLAN, context, peers=Peers(cells), threads=threads, chunk=chunk), whole)
        parts = list(stream_features(log, rows, PLAN, context, peers=Peers(cells), threads=threads, chunk=chunk))
        same_bits(np.concatenate([values for _, values in parts]), whole)
        assert [part.start for part, _ in parts][1:] == [part.stop for part, _ in parts][:-1]


def test_a_chunk_ends_where_an_account_ends():
    rows = Rows(np.array([0, 0, 0, 2, 5, 5, 9], dtype=np.int32), np.arange(7))
    assert [(span.start, span.stop) for span in spans_of(rows, 2)] == [(0, 3), (3, 4), (4, 6), (6, 7)]
    assert [(span.start, span.stop) for span in spans_of(rows, 4)] == [(0, 4), (4, 7)]
    assert spans_of(Rows(np.array([], dtype=np.int32), np.array([], dtype=np.int64)), 4) == []


def test_no_rows_give_an_empty_matrix():
    log, context = company(3)
    nothing = Rows(np.zeros(0, dtype=np.int32), np.zeros(0, dtype=np.int64))
    assert build_features(log, nothing, PLAN, context).shape == (0, len(PLAN.columns))
