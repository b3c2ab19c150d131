"""LightGBM at work: trees for given rows, the number of rounds that out-of-sample rows ask for."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import lightgbm as lgb
import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from models.examples import Examples
from models.logistic_line import Floats

THREADS = 2
MOST_ROUNDS = 400
"""Trees a model may have: a single row's reasons cost time in proportion (design §12)."""

PATIENCE = 50
FOLDS = 5


@dataclass(frozen=True)
class Parameters:
    """What LightGBM is told, small trees and strong shrinkage by default: found on Iowa's cutoffs before the test
    block, where 31 leaves gained nothing. `min_data_in_leaf` is lowered on few rows (at most one leaf in 200)."""

    num_leaves: int = 15
    learning_rate: float = 0.05
    min_data_in_leaf: int = 100
    feature_fraction: float = 0.5
    bagging_fraction: float = 0.7
    bagging_freq: int = 1
    lambda_l2: float = 10.0

    def told(self, rows: int, seed: int) -> dict[str, Any]:
        """LightGBM's parameters for this many rows; the same trees for the same seed on any number of threads."""
        least = min(self.min_data_in_leaf, max(20, rows // 200))
        return {**asdict(self), "min_data_in_leaf": least, **_FIXED, "seed": seed}


_FIXED = {
    "objective": "binary",
    "verbose": -1,
    "num_threads": THREADS,
    "deterministic": True,
    "force_row_wise": True,
}

UNTUNED = Parameters(
    num_leaves=31,
    learning_rate=0.1,
    min_data_in_leaf=20,
    feature_fraction=1.0,
    bagging_fraction=1.0,
    bagging_freq=0,
    lambda_l2=0.0,
)
"""LightGBM's own defaults, for the reference model."""


def train_booster(examples: Examples, parameters: Parameters, rounds: int, seed: int) -> lgb.Booster:
    """Trees of `rounds` rounds on all the rows."""
    return lgb.train(parameters.told(len(examples), seed), _data(examples), rounds)


def rounds_by_slice(fit: Examples, stop: Examples, parameters: Parameters, seed: int) -> int:
    """The number of rounds fitted on `fit` after which the log-loss on `stop` is least."""
    booster = lgb.train(
        parameters.told(len(fit), seed),
        _data(fit),
        MOST_ROUNDS,
        valid_sets=[_data(stop)],
        callbacks=[lgb.early_stopping(PATIENCE, verbose=False)],
    )
    return max(1, booster.best_iteration)


def rounds_by_folds(examples: Examples, parameters: Parameters, seed: int) -> tuple[int, Floats]:
    """The same by folds of whole accounts, with the out-of-fold log-odds of every row at that number of rounds."""
    folds = _folds(examples.account, seed)
    boosters = [
        train_booster(examples.where(folds != fold), parameters, MOST_ROUNDS, seed) for fold in range(folds.max() + 1)
    ]
    rounds = _best_rounds(examples, folds, boosters)
    log_odds = np.empty(len(examples))
    for fold, booster in enumerate(boosters):
        mine = folds == fold
        log_odds[mine] = booster.predict(examples.values[mine], raw_score=True, num_iteration=rounds)
    return rounds, log_odds


def _best_rounds(examples: Examples, folds: NDArray[np.int64], boosters: Sequence[lgb.Booster]) -> int:
    """Least pooled log-loss over a grid of every fifth round."""
    grid = range(5, MOST_ROUNDS + 1, 5)
    losses = np.zeros(len(grid))
    for fold, booster in enumerate(boosters):
        mine = folds == fold
        values, churned = examples.values[mine], examples.churned[mine]
        log_odds = np.zeros(len(values))
        for place, rounds in enumerate(grid):
            log_odds += booster.predict(values, raw_score=True, start_iteration=rounds - 5, num_iteration=5)
            losses[place] += _log_loss(log_odds, churned)
    return grid[int(np.argmin(losses))]


def _log_loss(log_odds: Floats, churned: NDArray[np.bool_]) -> float:
    likelihood = np.where(churned, expit(log_odds), expit(-log_odds))
    return float(-np.log(np.maximum(likelihood, 1e-300)).sum())


def _folds(account: NDArray[np.int32], seed: int) -> NDArray[np.int64]:
    """A fold per row, the same for all rows of an account."""
    names, place = np.unique(account, return_inverse=True)
    dealt = np.random.default_rng(seed).permutation(len(names)) % min(FOLDS, len(names))
    return np.asarray(dealt[place], dtype=np.int64)


def _data(examples: Examples) -> lgb.Dataset:
    return lgb.Dataset(
        examples.values,
        examples.churned.astype(np.float64),
        feature_name=list(examples.columns),
        categorical_feature=list(examples.categorical),
    )
