"""The learner of effects: known truths come back, chances are used as given, what is not known is said."""

import json

import numpy as np
import pytest

from kqml.errors import BadUse, Refused
from models.uplift.fitted import Basis
from models.uplift.folds import folds_of
from models.uplift.learner import EffectModel
from models.uplift.saving import effects_from_json, effects_json

ACTIONS = ("wait", "call", "visit")


def made(rows=3000, drawn=True, seed=0, per_account=2):
    """`call` changes nothing, `visit` adds 2 + 2·x0; x1 moves outcome, and choice where nothing is drawn."""
    random = np.random.default_rng(seed)
    X = random.normal(size=(rows, 4))
    account = np.repeat(np.arange(rows // per_account), per_account)
    own = random.normal(size=rows // per_account)[account]
    lift = 0.0 if drawn else 1.2 * X[:, 1]
    weights = np.exp(np.column_stack([np.zeros(rows), np.zeros(rows), np.full(rows, 0.0) + lift]))
    chances = weights / weights.sum(axis=1, keepdims=True)
    code = (random.random(rows)[:, None] > np.cumsum(chances, axis=1)).sum(axis=1)
    effect = np.where(code == 2, 2 + 2 * X[:, 0], 0.0)
    outcome = 30 + 3 * X[:, 1] + own + effect + random.normal(0, 2, rows)
    return X, np.array(ACTIONS)[code], outcome, chances[np.arange(rows), code], account


@pytest.fixture(scope="module")
def randomised():
    X, action, outcome, probability, account = made()
    return EffectModel().fit(X, action, outcome, probability, groups=account), X


def test_a_known_effect_lies_in_its_interval(randomised):
    effects, _ = randomised
    visit, call = effects.evidence.effect("visit"), effects.evidence.effect("call")
    assert visit.low < 2.0 < visit.high
    assert call.low < 0.0 < call.high
    assert effects.evidence.basis is Basis.RANDOMISED


def test_differences_between_rows_are_learned_where_there_are_any(randomised):
    effects, X = randomised
    predicted = effects.fitted.predict(X)
    assert np.corrcoef(predicted[:, 2], X[:, 0])[0, 1] > 0.9
    assert predicted[:, 1].std() < 0.3
    assert (predicted[:, 0] == 0).all()


def test_bins_of_the_held_out_prediction_show_what_was_predicted(randomised):
    bins = randomised[0].evidence.bins("visit")
    assert len(bins) == 5
    assert sum(one.estimate.low - 0.3 < one.predicted < one.estimate.high + 0.3 for one in bins) >= 4
    assert bins[0].estimate.high < bins[-1].estimate.low


def test_groups_are_told_from_so_many_rows_on(randomised):
    effects, X = randomised
    labels = np.where(X[: len(effects.evidence.scores), 0] > 0, "up", "down")
    found = {(one.group, one.action): one.estimate for one in effects.evidence.groups(labels)}
    assert set(found) == {(group, action) for group in ("up", "down") for action in ("call", "visit")}
    assert found["up", "visit"].value > 3 > 1 > found["down", "visit"].value
    assert effects.evidence.groups(labels, least_rows=2500) == []


def test_what_was_recorded_of_the_choice_is_adjusted_for():
    X, action, outcome, _, account = made(4000, drawn=False)
    effects = EffectModel().fit(X, action, outcome, groups=account)
    visit = effects.evidence.effect("visit")
    naive = outcome[action == "visit"].mean() - outcome[action == "wait"].mean()
    assert naive > 3.5
    assert visit.low < 2.0 + 0.35 and visit.high > 2.0 - 0.35
    assert effects.evidence.basis is Basis.OBSERVATIONAL


def test_where_an_action_never_happens_nothing_is_known():
    X, action, outcome, _, account = made(3000)
    action = np.where(X[:, 2] > 0.5, "wait", action)
    effects = EffectModel().fit(X, action, outcome, groups=account)
    basis = effects.fitted.basis(X)
    assert (basis[X[:, 2] > 0.7, 2] == "unknown").mean() > 0.95
    assert (basis[X[:, 2] < 0.3, 2] == "observational").mean() > 0.95
    assumed = effects.fitted.basis(X, prior=np.ones(basis.shape, dtype=bool))
    assert set(assumed[X[:, 2] > 0.7, 2]) <= {"prior", "observational"}
    assert np.isnan(effects.evidence.out_of_fold[X[:, 2] > 0.7, 2]).mean() > 0.8


def test_an_action_that_may_not_be_given_is_neither_compared_nor_claimed():
    X, action, outcome, probability, account = made(2000)
    eligible = np.ones((2000, 3), dtype=bool)
    closed = np.repeat(np.arange(1000) % 2 == 0, 2)
    action = np.where(closed & (action == "visit"), "wait", action)
    eligible[closed, 2] = False
    effects = EffectModel().fit(X, action, outcome, probability, account, eligible, ACTIONS)
    assert not effects.evidence.propensities.supported[closed, 2].any()
    assert (effects.fitted.basis(X, eligible)[closed, 2] == "unknown").all()


def test_unknown_chances_beside_known_ones_only_sharpen():
    X, action, outcome, probability, account = made(2000)
    half = account % 2 == 0
    probability = np.where(half, probability, np.nan)
    effects = EffectModel().fit(X, action, outcome, probability, account)
    assert len(effects.evidence.scores) == half.sum()
    assert effects.evidence.basis is Basis.RANDOMISED


def test_a_yes_or_no_outcome_has_effects_in_shares():
    random = np.random.default_rng(0)
    X, action, _, _, _ = made(4000)
    bought = (random.random(4000) < 0.1 + 0.15 * (action == "visit")).astype(float)
    found = EffectModel().fit(X, action, bought, np.full(4000, 1 / 3)).evidence.effect("visit")
    assert found.low < 0.15 < found.high
    assert found.high - found.low < 0.1


def test_one_order_of_a_lifetime_does_not_outweigh_all_others():
    X, action, outcome, probability, account = made(3000)
    outcome[7] = 1e6
    visit = EffectModel().fit(X, action, outcome, probability, account).evidence.effect("visit")
    assert visit.low < 2.0 < visit.high
    assert visit.high - visit.low < 2.0


def test_the_same_rows_give_the_same_effects(randomised):
    X, action, outcome, probability, account = made()
    again = EffectModel().fit(X, action, outcome, probability, groups=account)
    assert (again.fitted.predict(X) == randomised[0].fitted.predict(X)).all()


def test_what_is_written_predicts_the_same(randomised):
    effects, X = randomised
    read = effects_from_json(json.loads(json.dumps(effects_json(effects.fitted))))
    assert (read.predict(X) == effects.fitted.predict(X)).all()
    assert (read.basis(X) == effects.fitted.basis(X)).all()
    with pytest.raises(ValueError, match="format 9"):
        effects_from_json({**effects_json(effects.fitted), "format": 9})


def test_an_account_is_in_one_fold():
    account = np.random.default_rng(0).integers(0, 300, 2000)
    fold = folds_of(account, 5, 3)
    assert all(len(set(fold[account == one])) == 1 for one in np.unique(account))
    assert np.bincount(fold).min() > 200


@pytest.mark.parametrize(
    ("change", "error", "says"),
    [
        ({"outcome": np.full(60, np.nan)}, BadUse, "60 values are missing"),
        ({"probability": np.full(60, 1.5)}, BadUse, r"1\.5 \(60 such rows\)"),
        ({"probability": np.full(60, 0.0)}, BadUse, "above 0"),
        ({"groups": np.zeros(59)}, BadUse, "groups: has 59 rows, outcome has 60"),
        ({"actions": ("wait", "call")}, BadUse, "visit is not in `actions`"),
        ({"eligible": np.zeros((60, 3), dtype=bool)}, BadUse, "eligible: is false for the action taken in 60 rows"),
        ({}, Refused, "action call: .* rows – provide at least 50 rows"),
        ({"action": np.full(60, "wait")}, Refused, "the rows hold only wait"),
    ],
)
def test_bad_rows_are_refused_with_what_is_wrong(change, error, says):
    X, action, outcome, probability, account = made(60)
    given = {"X": X, "action": action, "outcome": outcome, "probability": probability, "groups": account} | change
    with pytest.raises(error, match=says):
        EffectModel().fit(**given)
