"""Tuning: inside its budget, before the test block, never worse than the default there."""

import itertools

import numpy as np
from made_company import made_examples

from models.churn.boosting import Parameters
from models.churn.splits import split_cutoffs
from models.churn.tuning import trial_loss, tune


def tuned(examples, seconds, seed=0):
    """Tuning on a clock that a second passes on between two looks."""
    ticks = itertools.count()
    slices = split_cutoffs(*examples.cutoffs(), 0.2)
    return tune(examples, slices, seconds, seed, clock=lambda: float(next(ticks)))


def test_the_default_parameters_are_tried_even_without_time():
    found = tuned(made_examples(), seconds=0)
    assert (found.trials, found.parameters, found.log_loss) == (1, Parameters(), found.default_log_loss)


def test_a_trial_more_for_each_second_and_the_best_is_kept():
    found = tuned(made_examples(), seconds=4)
    assert found.trials == 4
    assert found.log_loss <= found.default_log_loss
    assert found.log_loss == trial_loss(
        made_examples(), split_cutoffs(*made_examples().cutoffs(), 0.2), found.parameters, 0
    )


def test_the_same_seed_tries_the_same():
    assert tuned(made_examples(), 3, seed=1) == tuned(made_examples(), 3, seed=1)


def test_the_test_block_is_not_looked_at():
    examples, spoiled = made_examples(), made_examples()
    slices = split_cutoffs(*examples.cutoffs(), 0.2)
    test = slices.rows_in(slices.test, spoiled.cutoff)
    spoiled.values[test] = np.nan
    spoiled.churned[test] = ~spoiled.churned[test]
    assert tuned(examples, 2) == tuned(spoiled, 2)
