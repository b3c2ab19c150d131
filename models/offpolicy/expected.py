"""Expected outcomes of every action, fitted without the rows that they are used for."""

from typing import Any

import numpy as np

from models.effects.folds import folds_of
from models.effects.forests import Growth, cross_fit
from models.effects.outcome_regression import regress_outcome
from models.effects.sample import Sample
from models.offpolicy.drawn import Codes, Drawn, Floats

LEAST_ROWS = 200
RATIO = Growth(num_leaves=8, learning_rate=0.06, least_share=0.02, most_rounds=150)
LITTLE = 0.1
"""Share of the median that is added to what was before, so that ratios to it stay finite."""


def expected_outcomes(
    drawn: Drawn, values: Floats | None, seed: int = 0, more: Sample | None = None, past: Floats | None = None
) -> Floats:
    """n × K, cross-fitted by account; the mean of the other rows where there are no features, or few rows.

    `more`: further rows of the same features, drawn or not, which teach what outcomes to expect in general. `past`: the
    outcome of a like time before, from 0 on, of all these rows; half of the regression then predicts the ratio to it,
    which follows accounts far larger than all others. Any regression leaves the doubly robust estimate right, a better
    one makes it narrower.
    """
    if values is None or values.shape[1] == 0 or len(drawn) < LEAST_ROWS:
        return _means(drawn, seed)
    sample = _joined(_sample(drawn, values), more)
    fold = folds_of(sample.account, seed=seed)
    expected = regress_outcome(sample, fold, np.arange(len(sample)) < len(drawn), seed).expected
    if past is not None:
        level = expected.mean(axis=1)
        expected = expected + ((_by_ratio(sample, fold, past, seed) - level) / 2)[:, None]
    return np.asarray(expected[: len(drawn)], dtype=np.float64)


def _by_ratio(sample: Sample, fold: Codes, past: Floats, seed: int) -> Floats:
    """Trees for the ratio of outcome to past, weighted so that errors of the outcome count."""
    size = past + LITTLE * float(np.median(past[past > 0])) if (past > 0).any() else np.ones(len(past))
    values = np.column_stack([sample.values, np.log(size)])
    weight = size**2 / float(np.mean(size**2))
    trees = cross_fit(values, sample.outcome / size, fold, RATIO, weight=weight, seed=seed)
    return trees.held_out(values, fold) * size


def _sample(drawn: Drawn, values: Floats) -> Sample:
    return Sample(
        values=values,
        action=drawn.action,
        outcome=drawn.outcome,
        probability=drawn.probability,
        account=drawn.account,
        eligible=drawn.eligible,
        actions=drawn.actions,
    )


def _joined(sample: Sample, more: Sample | None) -> Sample:
    if more is None:
        return sample
    columns: dict[str, Any] = {
        name: np.concatenate([value, getattr(more, name)])
        for name, value in vars(sample).items()
        if isinstance(value, np.ndarray)
    }
    return Sample(**columns, actions=sample.actions)


def _means(drawn: Drawn, seed: int) -> Floats:
    fold = folds_of(drawn.account, seed=seed)
    parts, place = np.unique(fold, return_inverse=True)
    others = [drawn.outcome[fold != part] for part in parts]
    means = np.array([rest.mean() if len(rest) else 0.0 for rest in others])
    return np.repeat(means[place][:, None], len(drawn.actions), axis=1)
