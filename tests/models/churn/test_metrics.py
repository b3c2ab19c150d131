"""Metrics of order, as small tables worked by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score, roc_auc_score

from models.churn.metrics import auc, average_precision, lift, rank_metrics, top_share, weigh


def levels(scores, churned, weights=None):
    scores = np.array(scores, dtype=float)
    weights = np.ones(len(scores)) if weights is None else np.array(weights, dtype=float)
    return weigh(rank_metrics(scores, np.array(churned, dtype=bool)), weights)


@pytest.mark.parametrize(
    ("scores", "churned", "expected"),
    [
        ([4, 3, 2, 1], [1, 1, 0, 0], (1.0, 1.0, 2.0)),
        ([4, 3, 2, 1], [0, 0, 1, 1], (0.0, (1 / 3 + 2 / 4) / 2, 0.0)),
        ([4, 3, 2, 1], [1, 0, 1, 0], (0.75, (1 + 2 / 3) / 2, 1.0)),
        ([1, 1, 1, 1], [1, 0, 0, 1], (0.5, 0.5, 1.0)),
        ([2, 2, 1, 1], [1, 0, 0, 0], (2.5 / 3, 0.5, 2.0)),
        ([float("nan"), 3, 2, 1], [1, 0, 0, 0], (0.0, 0.25, 0.0)),
    ],
)
def test_order_metrics_by_hand(scores, churned, expected):
    found = levels(scores, churned)
    assert (auc(found), average_precision(found), lift(found, 0.5)) == pytest.approx(expected)


@pytest.mark.parametrize("churned", [[0, 0], [1, 1], []])
def test_without_both_answers_there_is_no_auc(churned):
    assert np.isnan(auc(levels(range(len(churned)), churned)))


def test_without_churn_there_is_no_precision_nor_lift():
    found = levels([1, 2], [0, 0])
    assert np.isnan(average_precision(found)) and np.isnan(lift(found))


rows = st.lists(st.tuples(st.integers(0, 6), st.booleans(), st.integers(0, 3)), min_size=2, max_size=40)


@given(rows)
def test_weighted_metrics_equal_those_of_scikit_learn(drawn):
    scores, churned, weights = (np.array(column) for column in zip(*drawn, strict=True))
    kept = weights > 0
    if len(set(churned[kept])) < 2:
        return
    found = levels(scores, churned, weights)
    assert auc(found) == pytest.approx(roc_auc_score(churned, scores, sample_weight=weights))
    assert average_precision(found) == pytest.approx(average_precision_score(churned, scores, sample_weight=weights))


@given(rows)
def test_a_weight_is_as_many_rows(drawn):
    scores, churned, weights = (np.array(column) for column in zip(*drawn, strict=True))
    weighed = levels(scores, churned, weights)
    repeated = levels(np.repeat(scores, weights), np.repeat(churned, weights))
    for metric in (auc, average_precision, lift):
        assert metric(weighed) == pytest.approx(metric(repeated), nan_ok=True)


@pytest.mark.parametrize(
    ("scores", "cutoffs", "share", "expected"),
    [
        ([1, 2, 3, 4], [0, 0, 0, 0], 0.25, [0, 0, 0, 1]),
        ([1, 2, 3, 4], [0, 0, 1, 1], 0.5, [0, 1, 0, 1]),
        ([1, 2, 3], [0, 0, 0], 0.1, [0, 0, 1]),
        ([2, 2, 2], [0, 0, 0], 0.5, [1, 1, 0]),
        ([float("nan"), 0, 1], [0, 0, 0], 0.5, [0, 1, 1]),
    ],
)
def test_the_top_share_is_cut_at_every_cutoff(scores, cutoffs, share, expected):
    assert top_share(np.array(scores, dtype=float), np.array(cutoffs), share).tolist() == [bool(x) for x in expected]
