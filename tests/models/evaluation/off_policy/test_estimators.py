"""The estimators against hand-made numbers, their intervals on drawn logs, the refusal."""

import numpy as np
import pytest

from kqml.errors import BadUse
from kqml.playbook import read_playbook
from models.evaluation.off_policy.clustering import clusters_of, estimate
from models.evaluation.off_policy.estimators import NAMES, Switch, differences, row_values, switch_of, values
from models.evaluation.off_policy.evaluation import evaluate_policy
from models.evaluation.off_policy.holdout import holdout_contrast
from models.evaluation.off_policy.outcome_model import OutcomeRows, Regression, expected_outcomes
from models.evaluation.off_policy.randomised_rows import RandomisedRows, WeightedRows, weigh
from models.evaluation.off_policy.support import policy_support, unsupported_share
from models.evaluation.off_policy.targets import playbook_probabilities, target_named, within

PLAYBOOK = read_playbook()


def drawn_log(seed=0, rows=4_000, reps=40, actions=4, repeats=2):
    """Rows with a strong covariate, a rep's and an account's own level, an effect of each action; the true values."""
    random = np.random.default_rng(seed)
    account = np.repeat(np.arange(rows // repeats), repeats)
    rep = account % reps
    level = random.normal(0, 2, reps)[rep] + random.normal(0, 2, rows // repeats)[account]
    size = random.lognormal(1, 0.7, rows)
    effect = np.array([0.0, 0.5, 1.0, -0.5])[:actions]
    mean = 5 + 3 * size[:, None] + level[:, None] + effect * size[:, None]
    eligible = np.ones((rows, actions), dtype=bool)
    action = random.integers(0, actions, rows)
    outcome = mean[np.arange(rows), action] + random.normal(0, 2, rows)
    names = tuple(f"a{number}" for number in range(actions))
    log = RandomisedRows(names, action, np.full(rows, 1 / actions), outcome, eligible, account, rep)
    return log, size[:, None], 5 + (3 + effect) * np.exp(1 + 0.7**2 / 2)


def static(log, action):
    chances = np.zeros((len(log), len(log.actions)))
    chances[:, action] = 1
    return chances


def regressed(log, features, past=None):
    return expected_outcomes(log, OutcomeRows(features, log.outcome, log.account, past))


HAND = RandomisedRows(
    ("wait", "visit"),
    np.array([0, 1, 1, 0]),
    np.array([0.5, 0.5, 0.25, 0.75]),
    np.array([1.0, 4.0, 8.0, 2.0]),
    np.ones((4, 2), dtype=bool),
    np.arange(4),
    np.arange(4),
)


@pytest.mark.parametrize(
    ("name", "value"),
    [("ips", (4 / 0.5 + 8 / 0.25) / 4), ("snips", (8 + 32) / 6), ("doubly_robust", 5 + (2 * -1 + 4 * 3) / 4)],
)
def test_each_estimator_is_its_formula(name, value):
    regression = np.full((4, 2), 5.0)
    weighed = weigh(HAND, static(HAND, 1), regression)
    assert weighed.weight.tolist() == [0, 2, 4, 0]
    assert row_values(name, weighed, HAND.outcome).mean() == pytest.approx(value)


def test_switch_leaves_out_a_single_large_noisy_weight():
    weight = np.array([1.0] * 400 + [60.0])
    outcome = np.array([1.0, -1.0] * 200 + [30.0])
    weighed = WeightedRows(weight, np.zeros(401), np.zeros(401))
    found = switch_of(weighed, outcome)
    assert found.limit < 60
    assert found.bias == pytest.approx(60 / 401)
    kept = WeightedRows(np.full(401, 2.0), np.zeros(401), np.zeros(401))
    assert switch_of(kept, outcome) == Switch(np.inf, 0.0)


def test_a_perfect_regression_leaves_no_error_to_the_doubly_robust_estimate():
    random = np.random.default_rng(0)
    regression = random.normal(size=(4, 2))
    log = RandomisedRows(**{**vars(HAND), "outcome": regression[np.arange(4), HAND.action]})
    found = values(weigh(log, static(log, 1), regression), log.outcome, clusters_of(log.account, log.rep))
    assert found["doubly_robust"].value == pytest.approx(regression[:, 1].mean())


def test_a_policy_less_itself_is_nothing():
    log, features, _ = drawn_log()
    weighed = weigh(log, static(log, 2), regressed(log, features).expected)
    found = differences(weighed, weighed, log.outcome, clusters_of(log.account, log.rep))
    assert {name: (one.value, one.error) for name, one in found.items()} == dict.fromkeys(NAMES, (0.0, 0.0))


def test_intervals_cover_the_true_values_of_drawn_logs():
    hits = {name: [] for name in NAMES}
    for seed in range(60):
        log, _, truth = drawn_log(seed, rows=800)
        found = evaluate_policy(log, static(log, 2), static(log, 0), Regression(np.full((len(log), 4), 20.0)))
        for name in NAMES:
            hits[name].append(found.target.values[name].low <= truth[2] <= found.target.values[name].high)
    assert all(np.mean(hit) >= 0.87 for hit in hits.values())


def test_a_regression_narrows_the_interval():
    log, features, truth = drawn_log(1, rows=6_000)
    regression = regressed(log, features)
    found = evaluate_policy(log, static(log, 1), static(log, 0), regression)
    plain, robust = found.difference["ips"], found.difference["doubly_robust"]
    assert robust.error < 0.5 * plain.error
    assert robust.low <= truth[1] - truth[0] <= robust.high


def test_rows_of_one_rep_count_less_than_rows_of_many():
    influence = np.repeat(np.array([1.0, -1.0] * 10), 50)
    alone, shared = np.arange(1_000), np.repeat(np.arange(20), 50)
    narrow, wide = (estimate(0.0, influence, clusters_of(alone, codes)) for codes in (alone, shared))
    assert wide.error == pytest.approx(narrow.error * 50**0.5, rel=0.05)
    assert wide.degrees < narrow.degrees


@pytest.mark.parametrize(
    ("weight", "faults"),
    [
        (np.full(150, 1.0), ()),
        (np.full(90, 1.0), ("few_rows",)),
        (np.concatenate([np.full(500, 1.0), [400.0]]), ("few_rows", "mean_weight")),
        (np.full(500, 0.7), ("mean_weight",)),
        (np.full(500, 1.3), ("mean_weight",)),
        (np.zeros(0), ("few_rows", "mean_weight")),
        (np.zeros(500), ("few_rows", "mean_weight")),
    ],
)
def test_thin_support_is_refused_with_its_reason(weight, faults):
    support = policy_support(weight)
    assert support.faults == faults
    assert support.refused == bool(faults)


def test_a_target_that_the_log_could_not_choose_is_refused():
    log, _, _ = drawn_log(rows=2_000)
    eligible = log.eligible.copy()
    eligible[:, 3] = False
    kept = log.action != 3
    narrow = RandomisedRows(
        log.actions,
        log.action[kept],
        np.full(kept.sum(), 1 / 3),
        log.outcome[kept],
        eligible[kept],
        log.account[kept],
        log.rep[kept],
    )
    found = evaluate_policy(narrow, static(narrow, 3), static(narrow, 0), Regression(np.zeros((len(narrow), 4))))
    assert found.refused
    assert found.target.values is None
    assert found.difference is None
    assert found.target.support.unsupported == 1.0
    assert found.against.values is not None


def test_what_is_not_eligible_is_waited_for():
    eligible = np.array([[True, True, False], [True, False, True]])
    chances = np.array([[0.2, 0.3, 0.5], [0.0, 1.0, 0.0]])
    assert within(chances, eligible).tolist() == [[0.7, 0.3, 0.0], [1.0, 0.0, 0.0]]
    assert unsupported_share(chances, eligible) == pytest.approx(0.75)


def test_the_playbook_brings_the_contacts_of_its_cadence():
    found = playbook_probabilities(PLAYBOOK, np.array(["A", "B", "C", ""], dtype=object))
    assert found.sum(axis=1) == pytest.approx(1.0)
    assert (found >= 0).all()
    visits = found @ np.array([0, 0, 0, 1, 1, 2])
    weeks = 365.25 / 12 / 7
    assert visits[:3] == pytest.approx([8 / weeks, 4 / weeks, 1 / weeks])
    assert found[2, 2] == pytest.approx(1 / weeks)
    assert found[3].tolist() == [1, 0, 0, 0, 0, 0]


def test_a_named_policy_is_the_playbook_or_an_action_for_everybody():
    eligible = np.array([[True] * 6, [True, True, True, False, False, False]])
    tier = np.array(["C", "C"], dtype=object)
    assert target_named("visit", PLAYBOOK, tier, eligible).argmax(axis=1).tolist() == [3, 0]
    assert target_named("playbook", PLAYBOOK, tier, eligible)[1, 3] == 0
    with pytest.raises(BadUse, match="'dance' is not a policy – use kqml, playbook, wait"):
        target_named("dance", PLAYBOOK, tier, eligible)


def test_the_holdout_contrast_compares_accounts_of_one_rep():
    random = np.random.default_rng(0)
    account, rep = np.arange(4_000), np.arange(4_000) % 40
    holdout = random.random(4_000) < np.where(rep < 20, 0.1, 0.4)
    level = np.where(rep < 20, 50.0, 0.0)
    outcome = level + 3.0 * ~holdout + random.normal(0, 5, 4_000)
    found = holdout_contrast(account, rep, holdout, outcome, np.full(4_000, 40.0))
    assert found.effect.low <= 3.0 <= found.effect.high
    assert found.effect.high - found.effect.low < 2
    assert found.equal_hours
    moved = holdout_contrast(account, rep, holdout, outcome, np.where(holdout, 30.0, 45.0))
    assert not moved.equal_hours
    assert moved.minutes.value == pytest.approx(15.0)
    assert holdout_contrast(account[:300], rep[:300], holdout[:300], outcome[:300], np.ones(300)) is None
