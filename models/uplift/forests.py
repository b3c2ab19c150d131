"""Cross-fitted LightGBM: one booster per fold, fitted on the other folds, all with the same number of rounds."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import lightgbm as lgb
import numpy as np

from models.uplift.sample import Codes, Flags, Floats

THREADS = 2
ROWS_FOR_THREADS = 20_000
PATIENCE = 25


@dataclass(frozen=True)
class Growth:
    """Hyperparameters. `least_share`: least share of the rows in a leaf. `most_rounds`: limit of early stopping."""

    objective: str = "regression"
    num_leaves: int = 15
    learning_rate: float = 0.06
    least_share: float = 0.004
    most_rounds: int = 300
    feature_fraction: float = 0.5
    lambda_l2: float = 10.0
    classes: int = 1

    def lightgbm_parameters(self, rows: int, seed: int) -> dict[str, Any]:
        """Return LightGBM's parameters for so many rows."""
        parameters = {
            "objective": self.objective,
            "num_leaves": self.num_leaves,
            "learning_rate": self.learning_rate,
            "min_data_in_leaf": max(20, int(rows * self.least_share)),
            "feature_fraction": self.feature_fraction,
            "bagging_fraction": 0.7,
            "bagging_freq": 1,
            "lambda_l2": self.lambda_l2,
            "max_bin": 127,
            "verbose": -1,
            "deterministic": True,
            "force_row_wise": True,
            "num_threads": THREADS if rows >= ROWS_FOR_THREADS else 1,
            "seed": seed,
        }
        if self.objective == "tweedie":
            parameters["tweedie_variance_power"] = 1.5
        return parameters | ({"num_class": self.classes} if self.classes > 1 else {})


@dataclass(frozen=True)
class CrossFitted:
    """Cross-fitted boosters.

    `boosters`: one for each fold, fitted on the other folds. `rounds`: the number with the least out-of-fold error; 0
    where the constant `start` has the least error and is the prediction.
    """

    boosters: tuple[lgb.Booster, ...]
    rounds: int
    start: float = 0.0

    def out_of_fold(self, values: Floats, fold: Codes) -> Floats:
        """Return out-of-fold predictions (n) of the rows that were fitted; `fold` (n) as in the fit."""
        return _filled(fold, len(self.boosters), lambda fold_index, in_fold: self._by(fold_index, values[in_fold]))

    def mean(self, values: Floats) -> Floats:
        """Return predictions (n) for other rows: the mean over the boosters."""
        return np.asarray(np.mean([self._by(fold_index, values) for fold_index in range(len(self.boosters))], axis=0))

    def _by(self, fold_index: int, values: Floats) -> Floats:
        if not self.rounds:
            return np.full(len(values), self.start)
        return np.asarray(self.boosters[fold_index].predict(values, num_iteration=self.rounds), dtype=np.float64)


def cross_fit(
    values: Floats, target: Floats, fold: Codes, growth: Growth, *, weight: Floats | None = None, seed: int = 0
) -> CrossFitted:
    """Fit one booster for each fold on the rows of the other folds, with the rounds of the least out-of-fold error."""
    output = [
        _watched(values, target, weight, fold != fold_index, growth, seed) for fold_index in range(int(fold.max()) + 1)
    ]
    reached = min(len(losses) for _, losses in output)
    sizes = np.bincount(fold).astype(np.float64)
    total = sum(size * losses[:reached] for size, (_, losses) in zip(sizes, output, strict=True))
    return CrossFitted(tuple(booster for booster, _ in output), int(np.argmin(np.asarray(total))) + 1)


def cross_fit_or_none(
    values: Floats, target: Floats, fold: Codes, growth: Growth, *, weight: Floats | None = None, seed: int = 0
) -> CrossFitted:
    """Cross-fit trees to a target centred on 0, with 0 rounds where they do not beat 0 on out-of-fold rows."""
    result = cross_fit(values, target, fold, growth, weight=weight, seed=seed)
    w = np.ones(len(target)) if weight is None else weight
    better = np.sum(w * (target - result.out_of_fold(values, fold)) ** 2) < np.sum(w * target**2)
    return result if better else replace(result, rounds=0)


def fit_all(
    values: Floats, target: Floats, growth: Growth, rounds: int, *, weight: Floats | None = None, seed: int = 0
) -> lgb.Booster:
    """Fit trees of `rounds` rounds on all rows."""
    return lgb.train(
        growth.lightgbm_parameters(len(target), seed), lgb.Dataset(values, target, weight=weight), max(rounds, 1)
    )


def _watched(
    values: Floats, target: Floats, weight: Floats | None, fit: Flags, growth: Growth, seed: int
) -> tuple[lgb.Booster, Floats]:
    recorded: dict[str, dict[str, list[float]]] = {}
    train = lgb.Dataset(values[fit], target[fit], weight=None if weight is None else weight[fit])
    held = train.create_valid(values[~fit], target[~fit], None if weight is None else weight[~fit])
    booster = lgb.train(
        growth.lightgbm_parameters(int(fit.sum()), seed),
        train,
        growth.most_rounds,
        valid_sets=[held],
        valid_names=["held"],
        callbacks=[lgb.early_stopping(PATIENCE, verbose=False), lgb.record_evaluation(recorded)],
    )
    return booster, np.array(next(iter(recorded["held"].values())))


def _filled(fold: Codes, folds: int, predict: Callable[[int, Flags], Floats]) -> Floats:
    result: Floats | None = None
    for fold_index in range(folds):
        in_fold = fold == fold_index
        if not in_fold.any():
            continue
        piece = predict(fold_index, in_fold)
        if result is None:
            result = np.empty((len(fold), *piece.shape[1:]))
        result[in_fold] = piece
    return np.empty(0) if result is None else result


def texts_of(boosters: Sequence[lgb.Booster], rounds: int) -> list[str]:
    """Return LightGBM's text of each booster, up to `rounds`."""
    return [booster.model_to_string(num_iteration=max(rounds, 1)) for booster in boosters]
