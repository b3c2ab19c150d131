"""Folds of whole accounts, the same for the same seed."""

import hashlib
from collections.abc import Iterable

import numpy as np

from models.uplift.sample import Codes, DecisionSample

FOLDS = 5


def folds_of(account: Codes, folds: int = FOLDS, seed: int = 0) -> Codes:
    """Return a fold for each row. All rows of an account share one; folds have about equally many accounts."""
    names, inverse = np.unique(account, return_inverse=True)
    dealt = np.random.default_rng([seed, folds]).permutation(len(names)) % min(folds, max(len(names), 1))
    return np.asarray(dealt[inverse], dtype=np.int64)


def account_folds(ids: Iterable[object], folds: int = FOLDS, seed: int = 0) -> Codes:
    """Return the fold of each account id, from 0 to `folds` − 1.

    It is the BLAKE2b digest of the id, keyed by `seed`, modulo `folds`, so an account has a fold before it appears in a
    log.
    """
    state = hashlib.blake2b(f"{seed}\x1f".encode(), digest_size=8)
    return np.fromiter((_digest(state, str(account_id)) % folds for account_id in ids), dtype=np.int64)


def sample_folds(sample: DecisionSample, folds: int = FOLDS, seed: int = 0) -> Codes:
    """Return the fold of each row of the sample, by its account's id where accounts have ids."""
    if sample.account_ids is None:
        return folds_of(sample.account, folds, seed)
    codes, inverse = np.unique(sample.account, return_inverse=True)
    return account_folds(sample.account_ids[codes].tolist(), folds, seed)[inverse]


def _digest(state: "hashlib.blake2b", name: str) -> int:
    hasher = state.copy()
    hasher.update(name.encode())
    return int.from_bytes(hasher.digest(), "little")
