"""Folds of whole accounts, the same for the same seed."""

import numpy as np

from models.uplift.sample import Codes

FOLDS = 5


def folds_of(account: Codes, folds: int = FOLDS, seed: int = 0) -> Codes:
    """Return a fold for each row. All rows of an account share one; folds have about equally many accounts."""
    names, inverse = np.unique(account, return_inverse=True)
    dealt = np.random.default_rng([seed, folds]).permutation(len(names)) % min(folds, max(len(names), 1))
    return np.asarray(dealt[inverse], dtype=np.int64)
