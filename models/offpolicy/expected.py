"""Expected outcomes of every action, fitted without the rows that they are used for."""

import numpy as np

from models.effects.folds import folds_of
from models.effects.outcome_regression import regress_outcome
from models.effects.sample import Sample
from models.offpolicy.drawn import Drawn, Floats

LEAST_ROWS = 200


def expected_outcomes(drawn: Drawn, values: Floats | None, seed: int = 0) -> Floats:
    """n × K, cross-fitted by account; the mean of the other rows where there are no features, or few rows."""
    if values is None or values.shape[1] == 0 or len(drawn) < LEAST_ROWS:
        return _means(drawn, seed)
    sample = Sample(
        values=values,
        action=drawn.action,
        outcome=drawn.outcome,
        probability=drawn.probability,
        account=drawn.account,
        eligible=drawn.eligible,
        actions=drawn.actions,
    )
    fold = folds_of(drawn.account, seed=seed)
    return regress_outcome(sample, fold, np.ones(len(drawn), dtype=bool), seed).expected


def _means(drawn: Drawn, seed: int) -> Floats:
    fold = folds_of(drawn.account, seed=seed)
    means = np.array([drawn.outcome[fold != part].mean() if (fold != part).any() else 0.0 for part in np.unique(fold)])
    return np.repeat(means[np.unique(fold, return_inverse=True)[1]][:, None], len(drawn.actions), axis=1)
