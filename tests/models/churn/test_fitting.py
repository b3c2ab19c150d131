"""The procedure: rounds, refit, calibration by replayed refits that know only what was mature."""

import numpy as np
import pytest
from made_company import made_examples

import models.churn.fitting
from models.churn.boosting import MOST_ROUNDS, Parameters, rounds_by_folds, train_booster
from models.churn.fitting import fit_churn, replay
from models.churn.splits import split_cutoffs


@pytest.fixture(scope="module")
def examples():
    return made_examples(rows=1500)


def slices_of(examples, share=0.2):
    return split_cutoffs(*examples.cutoffs(), share)


def test_a_long_timeline_calibrates_on_its_latest_training_cutoffs(examples):
    slices = slices_of(examples)
    fitted = fit_churn(examples, slices, Parameters(), seed=0)
    assert not slices.short
    assert 1 <= fitted.rounds <= MOST_ROUNDS
    trained = slices.cutoffs[slices.training]
    assert np.unique(fitted.evidence.cutoff).tolist() == trained[-round(0.45 * len(trained)) :].tolist()


def test_a_short_timeline_calibrates_out_of_fold_on_all_its_rows():
    examples = made_examples(rows=500, cutoffs=8)
    slices = slices_of(examples)
    fitted = fit_churn(examples, slices, Parameters(), seed=0)
    assert slices.short
    assert len(fitted.evidence.churned) == int(slices.rows_in(slices.training, examples.cutoff).sum())


def test_a_replayed_refit_knows_only_what_was_mature(examples, monkeypatch):
    seen = []

    def watched(rows, *others):
        seen.append((int(rows.matures_at.max()), int(rows.cutoff.max())))
        return train_booster(rows, *others)

    monkeypatch.setattr(models.churn.fitting, "train_booster", watched)
    slices = slices_of(examples)
    training = examples.where(slices.rows_in(slices.training, examples.cutoff))
    evidence = replay(training, Parameters(), 10, seed=0)
    begins = [block[0] for block in np.array_split(np.unique(evidence.cutoff), len(seen))]
    assert all(matures <= begin for (matures, _), begin in zip(seen, begins, strict=True))


def test_nothing_of_the_test_block_is_learned(examples):
    slices = slices_of(examples)
    fitted = fit_churn(examples, slices, Parameters(), seed=0)
    test = slices.rows_in(slices.test, examples.cutoff)
    spoiled = made_examples(rows=1500)
    spoiled.values[test] = 99.0
    spoiled.churned[test] = ~spoiled.churned[test]
    again = fit_churn(spoiled, slices, Parameters(), seed=0)
    assert again.booster.model_to_string() == fitted.booster.model_to_string()
    assert again.calibration == fitted.calibration


def test_the_same_seed_gives_the_same_model(examples):
    slices = slices_of(examples)
    first, again, other = (fit_churn(examples, slices, Parameters(), seed) for seed in (5, 5, 6))
    assert first.booster.model_to_string() == again.booster.model_to_string()
    assert first.calibration == again.calibration
    assert (first.probability(examples.values) == again.probability(examples.values)).all()
    assert first.booster.model_to_string() != other.booster.model_to_string()


def test_folds_keep_accounts_together(examples):
    rounds, log_odds = rounds_by_folds(examples, Parameters(), seed=0)
    assert 1 <= rounds <= MOST_ROUNDS
    own = train_booster(examples, Parameters(), rounds, seed=0).predict(examples.values, raw_score=True)
    assert np.corrcoef(log_odds, own)[0, 1] > 0.9
    assert not np.allclose(log_odds, own)


@pytest.mark.parametrize(("rows", "expected"), [(100, 20), (10_000, 50), (30_000, 150), (1_000_000, 150)])
def test_leaves_are_smaller_on_few_rows(rows, expected):
    assert Parameters().lightgbm_parameters(rows, seed=0)["min_data_in_leaf"] == expected
