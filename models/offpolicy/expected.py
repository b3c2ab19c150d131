"""Expected outcomes of every action, fitted without the rows that they are used for."""

from typing import Any

import numpy as np

from models.effects.folds import folds_of
from models.effects.outcome_regression import regress_outcome
from models.effects.sample import Sample
from models.offpolicy.drawn import Drawn, Floats

LEAST_ROWS = 200


def expected_outcomes(drawn: Drawn, values: Floats | None, seed: int = 0, more: Sample | None = None) -> Floats:
    """n × K, cross-fitted by account; the mean of the other rows where there are no features, or few rows.

    `more`: further rows of the same features, drawn or not, which teach what outcomes to expect in general; any
    regression leaves the doubly robust estimate right, a better one makes it narrower.
    """
    if values is None or values.shape[1] == 0 or len(drawn) < LEAST_ROWS:
        return _means(drawn, seed)
    sample = _joined(_sample(drawn, values), more)
    learn = np.arange(len(sample)) < len(drawn)
    expected = regress_outcome(sample, folds_of(sample.account, seed=seed), learn, seed).expected
    return expected[: len(drawn)]


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
