"""LightGBM boosters: training on given rows, the number of rounds by out-of-sample loss."""

from dataclasses import asdict, dataclass
from typing import Any

import lightgbm as lgb
import numpy as np
from numpy.typing import NDArray

from kqml.contract.fields import Count
from models.churn.examples import Examples
from models.churn.logistic_line import Floats

THREADS = 2
ROWS_FOR_THREADS = 20_000
"""Rows below which a second thread costs more in waiting than it computes, above all on a busy machine."""

MOST_ROUNDS = 400
"""Trees a model may have: a single row's reasons cost time in proportion (design §12)."""

PATIENCE = 50
FOLDS = 5


@dataclass(frozen=True)
class Parameters:
    """What LightGBM is told, small trees and strong shrinkage by default: found on Iowa's cutoffs before the test
    block, where 31 leaves gained nothing. `min_data_in_leaf` is lowered on few rows (at most one leaf in 200)."""

    num_leaves: Count = 15
    learning_rate: float = 0.03
    min_data_in_leaf: Count = 150
    feature_fraction: float = 0.3
    bagging_fraction: float = 0.7
    bagging_freq: Count = 1
    lambda_l2: float = 10.0

    def lightgbm_parameters(self, rows: int, seed: int) -> dict[str, Any]:
        """LightGBM's parameters for this many rows; the same trees for the same seed on any number of threads."""
        least = min(self.min_data_in_leaf, max(20, rows // 200))
        threads = THREADS if rows >= ROWS_FOR_THREADS else 1
        return {**asdict(self), "min_data_in_leaf": least, **_FIXED, "num_threads": threads, "seed": seed}


_FIXED = {
    "objective": "binary",
    "verbose": -1,
    "deterministic": True,
    "force_row_wise": True,
}

UNTUNED = Parameters(
    num_leaves=31,
    learning_rate=0.05,
    min_data_in_leaf=20,
    feature_fraction=1.0,
    bagging_fraction=1.0,
    bagging_freq=0,
    lambda_l2=0.0,
)
"""LightGBM's own defaults but for half its learning rate, which does better before the test block: the reference."""


def train_booster(examples: Examples, parameters: Parameters, rounds: int, seed: int) -> lgb.Booster:
    """Trees of `rounds` rounds on all the rows."""
    return lgb.train(parameters.lightgbm_parameters(len(examples), seed), _data(examples), rounds)


def rounds_by_slice(fit: Examples, stop: Examples, parameters: Parameters, seed: int) -> int:
    """Return the number of rounds fitted on `fit` after which the log-loss on `stop` is least."""
    _, losses = _train_watched(fit, stop, parameters, seed)
    return int(np.argmin(losses)) + 1


def rounds_by_folds(examples: Examples, parameters: Parameters, seed: int) -> tuple[int, Floats]:
    """Return the same by folds of whole accounts, with the out-of-fold log-odds of every row at that number of
    rounds."""
    folds = _folds(examples.account, seed)
    watched = [
        _train_watched(examples.where(folds != fold), examples.where(folds == fold), parameters, seed)
        for fold in range(folds.max() + 1)
    ]
    reached = min(len(losses) for _, losses in watched)
    sizes = np.bincount(folds)
    rounds = int(np.argmin(sum(size * losses[:reached] for size, (_, losses) in zip(sizes, watched, strict=True)))) + 1
    log_odds = np.empty(len(examples))
    for fold, (booster, _) in enumerate(watched):
        in_fold = folds == fold
        own = booster.predict(examples.values[in_fold], raw_score=True, num_iteration=rounds)
        log_odds[in_fold] = np.asarray(own, dtype=np.float64)
    return rounds, log_odds


def _train_watched(fit: Examples, stop: Examples, parameters: Parameters, seed: int) -> tuple[lgb.Booster, Floats]:
    """Trees until the log-loss on `stop` has not fallen for PATIENCE rounds, with that loss after each round."""
    recorded: dict[str, dict[str, list[float]]] = {}
    booster = lgb.train(
        parameters.lightgbm_parameters(len(fit), seed),
        _data(fit),
        MOST_ROUNDS,
        valid_sets=[_data(stop)],
        valid_names=["stop"],
        callbacks=[lgb.early_stopping(PATIENCE, verbose=False), lgb.record_evaluation(recorded)],
    )
    return booster, np.array(recorded["stop"]["binary_logloss"])


def _folds(account: NDArray[np.int32], seed: int) -> NDArray[np.int64]:
    """Return a fold per row, the same for all rows of an account."""
    names, index = np.unique(account, return_inverse=True)
    dealt = np.random.default_rng(seed).permutation(len(names)) % min(FOLDS, len(names))
    return np.asarray(dealt[index], dtype=np.int64)


def _data(examples: Examples) -> lgb.Dataset:
    return lgb.Dataset(
        examples.values,
        examples.churned.astype(np.float64),
        feature_name=list(examples.columns),
        categorical_feature=list(examples.categorical),
    )
