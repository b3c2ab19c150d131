"""What could be said of single rows by the features of a log, were the true effects there to learn from."""

import numpy as np

from experiments.studies.uplift.accuracy import measure_rows
from models.uplift.folds import folds_of
from models.uplift.forests import Growth, cross_fit
from models.uplift.outcome_regression import regress_common
from models.uplift.sample import DecisionSample, Flags, Floats

GROWTH = Growth(num_leaves=15, learning_rate=0.1, most_rounds=150)
CLIPPED = (0.01, 0.99)


def ceiling_of(sample: DecisionSample, true: Floats, error: Floats) -> dict[str, float]:
    """`corr`, `sign_error` of trees fitted to the truth as a share of the stake, cross-fitted by account: what is
    beyond them is not in the features, however many rows there are."""
    fold = folds_of(sample.account)
    effect_scale = regress_common(sample, fold).measure.effect_scale
    known: Flags = sample.eligible & np.isfinite(true)
    known[:, 0] = False
    predicted = np.zeros(true.shape)
    for code in range(1, true.shape[1]):
        mine = known[:, code]
        share = (true[:, code] / effect_scale)[mine]
        clipped = np.clip(share, *np.quantile(share, CLIPPED))
        trees = cross_fit(sample.values[mine], clipped, fold[mine], GROWTH)
        predicted[mine, code] = effect_scale[mine] * trees.held_out(sample.values[mine], fold[mine])
    result = measure_rows(predicted, true, error, known)
    return {"corr": result["corr"], "sign_error": result["sign_error"]}
