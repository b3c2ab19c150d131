"""The training set: labels, features, categories of one row stand in one line."""

import numpy as np
import pytest
from small_world import write_small_world

from features.catalog import catalog
from features.churn_definition import ChurnDefinition
from features.context import context_of
from features.cutoffs import cutoff_grid, parse_cutoff
from features.engine import build_features
from features.labels import label_rows
from features.peers import Peers
from features.plan import compile_plan
from features.profile import cells_of, profile_of
from features.rows import Rows
from features.training_set import build_training_set
from kqml.dataset.folder import read_dataset

ASKED = ChurnDefinition(horizon=60, gap=14, min_orders=3, active_within=60)
FEATURES = catalog()[:25]


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    folder = tmp_path_factory.mktemp("data") / "small"
    write_small_world(folder, accounts=60, weeks=70)
    return read_dataset(folder)


@pytest.fixture(scope="module")
def cutoffs(dataset):
    log = dataset.event_log()
    start = parse_cutoff("2022-06-01", dataset.info.time_zone)
    return cutoff_grid(log, context_of(dataset.info, dataset.accounts(), log), ASKED, 28, start)


@pytest.fixture(scope="module")
def built(dataset, cutoffs):
    return build_training_set(dataset, ASKED, cutoffs, FEATURES)


def test_rows_are_the_eligible_ones_with_their_labels(dataset, cutoffs, built):
    log = dataset.event_log()
    labels = label_rows(log, context_of(dataset.info, dataset.accounts(), log), ASKED, cutoffs)
    np.testing.assert_array_equal(built.labels.rows.account, labels.rows.account)
    np.testing.assert_array_equal(built.labels.churned, labels.churned)
    assert built.cutoffs.tolist() == cutoffs.tolist()
    assert (built.definition, len(built)) == (ASKED, len(labels))


def test_values_are_the_features_then_one_code_per_category(built):
    assert built.columns == tuple(feature.column for feature in FEATURES)
    assert built.values.shape == (len(built), len(FEATURES) + len(built.categories))
    assert built.values.flags.c_contiguous and built.values.dtype == np.float64


def test_a_row_taken_alone_has_the_same_features(dataset, built):
    log = dataset.event_log()
    context = context_of(dataset.info, dataset.accounts(), log)
    plan = compile_plan(FEATURES)
    for row in (0, len(built) // 2, len(built) - 1):
        rows = Rows(built.labels.rows.account[[row]], built.labels.rows.cutoff[[row]])
        alone = build_features(log, rows, plan, context)
        np.testing.assert_array_equal(built.values[row, : len(FEATURES)], alone[0])


def test_codes_spell_the_profile(built):
    assert set(built.categories) == set(built.profile.columns)
    for place, (name, words) in enumerate(built.categories.items()):
        codes = built.values[:, len(built.columns) + place]
        spelled = [None if np.isnan(code) else words[int(code)] for code in codes]
        assert spelled == built.profile[name].where(built.profile[name].notna(), None).tolist()


def test_account_ids_follow_the_rows(dataset, built):
    ids = built.account_ids()
    assert ids[0] == dataset.event_log().accounts[built.labels.rows.account[0]]
    assert len(ids) == len(built)


def test_peers_are_the_eligible_accounts_of_the_cutoff(dataset, cutoffs):
    peer = [feature for feature in catalog() if feature.column.startswith("peer_")][:2]
    built = build_training_set(dataset, ASKED, cutoffs[:3], peer)
    log = dataset.event_log()
    context = context_of(dataset.info, dataset.accounts(), log)
    peers = Peers(cells_of(profile_of(dataset, built.labels.rows), len(built)))
    expected = build_features(log, built.labels.rows, compile_plan(peer), context, peers=peers)
    np.testing.assert_array_equal(built.values[:, :2], expected)
