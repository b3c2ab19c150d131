"""The pooled difference: what it estimates, how often its interval holds it, what it leaves to its neighbours."""

from dataclasses import replace

import numpy as np
import pytest

from models.evaluation.off_policy.clustering import clusters_of
from models.evaluation.off_policy.evaluation import evaluate_policy
from models.evaluation.off_policy.outcome_model import OutcomeRows, Regression, expected_outcomes
from models.evaluation.off_policy.pooling import DisputedRows, pooled_difference
from models.evaluation.off_policy.randomised_rows import RandomisedRows


def company(seed, rows=6_000, share=lambda size: 0.05):
    """Sizes with a heavy tail, noise in proportion; the second action brings a share of the size. The disputed rows of
    it against the first, both drawn evenly; the true difference."""
    random = np.random.default_rng(seed)
    size = random.lognormal(8, 1.6, rows)
    brings = share(size) * size
    acted = random.random(rows) < 0.5
    noise = random.standard_t(5, rows) * 0.4 * size
    outcome = size + np.where(acted, brings, 0.0) + noise
    disputed = DisputedRows(
        expected=np.zeros(rows),
        weight=np.where(acted, 2.0, -2.0),
        rest=outcome - size,
        outcome=outcome,
        size=size,
        spread=np.full(rows, 0.3) * size,
        share=np.ones(rows),
    )
    return disputed, float(brings.mean())


def alone(rows):
    return clusters_of(np.arange(rows))


@pytest.mark.parametrize("share", [lambda size: 0.05, lambda size: 0.08 - 0.01 * np.log10(size), lambda size: 0.0])
def test_intervals_hold_the_truth_and_are_far_narrower_than_the_mean_of_rows(share):
    hits, narrower = [], []
    for seed in range(60):
        rows, truth = company(seed, share=share)
        found = pooled_difference(rows, alone(len(rows))).estimate
        hits.append(found.low <= truth <= found.high)
        plain = rows.weight * rows.rest
        narrower.append(found.error / (plain.std() / len(plain) ** 0.5))
    assert np.mean(hits) >= 0.9
    assert np.median(narrower) < 0.6


def test_one_wild_order_of_the_largest_account_moves_the_estimate_little():
    rows, truth = company(1)
    giant = int(np.argmax(rows.size))
    rest = rows.rest.copy()
    rest[giant] += 50 * rows.size[giant]
    calm, shaken = (
        pooled_difference(one, alone(len(rows))).estimate
        for one in (rows, replace(rows, rest=rest, outcome=rows.outcome))
    )
    assert abs(shaken.value - calm.value) < 0.4 * calm.error
    assert calm.low <= truth <= calm.high


def test_policies_that_agree_on_most_rows_differ_by_little_with_little_doubt():
    rows, _ = company(2)
    few = np.arange(len(rows)) % 10 == 0
    narrow = replace(rows, weight=np.where(few, rows.weight, 0.0), share=few.astype(float))
    wide, found = pooled_difference(rows, alone(len(rows))), pooled_difference(narrow, alone(len(rows)))
    assert found.estimate.error < 0.5 * wide.estimate.error


def test_giants_that_fill_several_bands_leave_no_empty_one():
    rows, _ = company(5)
    size = rows.size.copy()
    size[:3] = 0.3 * size.sum()
    huge = replace(rows, size=size, spread=0.3 * size)
    found = pooled_difference(huge, alone(len(rows))).estimate
    assert np.isfinite([found.value, found.error]).all()
    nobody = replace(rows, share=np.where(np.arange(len(rows)) < 2, 1.0, 0.0))
    assert pooled_difference(nobody, alone(len(rows))) is None


def test_too_few_disputed_rows_are_not_pooled():
    rows, _ = company(3, rows=300)
    assert pooled_difference(rows, alone(300)) is None


def test_rows_of_one_rep_that_move_together_widen_the_interval():
    rows, _ = company(4, rows=4_000)
    rep = np.arange(4_000) // 100
    shared = np.random.default_rng(0).normal(0, 0.5, 40)[rep] * rows.size
    together = replace(rows, rest=np.abs(rows.rest) * np.sign(shared) * np.sign(rows.weight))
    singly = pooled_difference(together, alone(4_000)).estimate
    assert pooled_difference(together, clusters_of(np.arange(4_000), rep)).estimate.error > 1.5 * singly.error


def log_of(seed=0, rows=3_000):
    random = np.random.default_rng(seed)
    past = random.lognormal(8, 1.2, rows)
    action = random.integers(0, 2, rows)
    outcome = past * (0.9 + 0.05 * action) * random.lognormal(0, 0.3, rows)
    may = np.ones((rows, 2), dtype=bool)
    drawn = RandomisedRows(
        ("wait", "visit"), action, np.full(rows, 0.5), outcome, may, np.arange(rows), np.arange(rows) % 30
    )
    return drawn, np.column_stack([past, random.normal(size=rows)]), past


def test_amounts_are_pooled_and_told_first_others_are_not():
    drawn, features, past = log_of()
    visit, wait = np.tile([0.0, 1.0], (3_000, 1)), np.tile([1.0, 0.0], (3_000, 1))
    regression = expected_outcomes(drawn, OutcomeRows(features, drawn.outcome, drawn.account, past))
    found = evaluate_policy(drawn, visit, wait, regression)
    assert found.headline == "pooled"
    assert found.difference["pooled"].error < found.difference["doubly_robust"].error
    timeless = expected_outcomes(drawn, OutcomeRows(features, drawn.outcome, drawn.account))
    without = evaluate_policy(drawn, visit, wait, timeless)
    assert without.headline == "doubly_robust"
    assert set(without.difference) == {"ips", "snips", "doubly_robust", "switch_dr"}


def test_estimators_that_differ_beyond_chance_decide_nothing():
    drawn, features, past = log_of()
    visit, wait = np.tile([0.0, 1.0], (3_000, 1)), np.tile([1.0, 0.0], (3_000, 1))
    giants = past > np.quantile(past, 0.95)
    harmed = np.where(giants & (drawn.action == 1), 0.1 * drawn.outcome, drawn.outcome)
    known = OutcomeRows(features, drawn.outcome, drawn.account, past)
    agreed = evaluate_policy(drawn, visit, wait, expected_outcomes(drawn, known))
    assert not agreed.disagrees
    assert agreed.disagreement.value == pytest.approx(
        agreed.difference["pooled"].value - agreed.difference["doubly_robust"].value
    )
    drawn = replace(drawn, outcome=harmed)
    known = OutcomeRows(features, harmed, drawn.account, past)
    apart = evaluate_policy(drawn, visit, wait, expected_outcomes(drawn, known))
    assert apart.disagrees
    assert apart.difference["pooled"].value > apart.difference["doubly_robust"].value


def test_a_policy_less_itself_is_exactly_nothing():
    drawn, features, past = log_of(1)
    visit = np.tile([0.3, 0.7], (3_000, 1))
    regression = expected_outcomes(drawn, OutcomeRows(features, drawn.outcome, drawn.account, past))
    found = evaluate_policy(drawn, visit, visit, regression)
    assert "pooled" not in found.difference
    assert found.difference["doubly_robust"].error == 0.0


def test_without_features_the_regression_is_a_mean_without_size():
    drawn, _, _ = log_of(2)
    found = expected_outcomes(drawn, None)
    assert found.size is None
    assert isinstance(found, Regression)
    assert found.expected.mean() == pytest.approx(drawn.outcome.mean(), rel=0.05)
