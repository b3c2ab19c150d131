"""Tuning by Optuna under a time budget, on cutoffs before the test block only."""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from kqml.contract.fields import Count
from models.churn.boosting import Parameters, rounds_by_folds
from models.churn.examples import Examples
from models.churn.fitting import OutOfSample, find_rounds, replay
from models.churn.splits import Slices

if TYPE_CHECKING:
    import optuna

MOST_TRIALS = 500


@dataclass(frozen=True)
class TunedParameters:
    """The parameters with the least log-loss found, which are the default ones where nothing beat them."""

    parameters: Parameters
    trials: Count
    log_loss: float
    default_log_loss: float


def tune(
    examples: Examples, slices: Slices, seconds: float, seed: int, clock: Callable[[], float] = time.monotonic
) -> TunedParameters:
    """Tries parameters until `seconds` have passed (at least the default ones), judged by the log-loss of the
    predictions that calibration would use: out of time, or out of fold on a short timeline.

    A seed fixes the order of the trials; how many fit into the budget depends on the machine and is recorded.
    """
    import optuna

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study(sampler=optuna.samplers.TPESampler(seed=seed))
    study.enqueue_trial({name: getattr(Parameters(), name) for name in _SPACE})
    until = clock() + seconds

    def objective(trial: "optuna.Trial") -> float:
        chosen: dict[str, Any] = {name: suggest(trial, name) for name, suggest in _SPACE.items()}
        if clock() >= until:
            trial.study.stop()
        return trial_loss(examples, slices, replace(Parameters(), **chosen), seed)

    study.optimize(objective, n_trials=MOST_TRIALS)
    best = replace(Parameters(), **study.best_params)
    return TunedParameters(best, len(study.trials), float(study.best_value), float(study.trials[0].value or np.nan))


def trial_loss(examples: Examples, slices: Slices, parameters: Parameters, seed: int) -> float:
    """Mean log-loss of the out-of-sample predictions that these parameters give inside the training cutoffs."""
    evidence = _evidence(examples, slices, parameters, seed)
    signed = np.where(evidence.churned, evidence.log_odds, -evidence.log_odds)
    return float(np.logaddexp(0.0, -signed).mean())


def _evidence(examples: Examples, slices: Slices, parameters: Parameters, seed: int) -> OutOfSample:
    training = examples.where(slices.rows_in(slices.training, examples.cutoff))
    if slices.short:
        _, log_odds = rounds_by_folds(training, parameters, seed)
        return OutOfSample(log_odds, training.churned, training.cutoff)
    return replay(training, parameters, find_rounds(examples, slices, parameters, seed), seed)


_SPACE: "dict[str, Callable[[optuna.Trial, str], Any]]" = {
    "num_leaves": lambda trial, name: trial.suggest_int(name, 4, 31, log=True),
    "learning_rate": lambda trial, name: trial.suggest_float(name, 0.03, 0.12, log=True),
    "min_data_in_leaf": lambda trial, name: trial.suggest_int(name, 20, 800, log=True),
    "feature_fraction": lambda trial, name: trial.suggest_float(name, 0.15, 1.0),
    "bagging_fraction": lambda trial, name: trial.suggest_float(name, 0.4, 1.0),
    "lambda_l2": lambda trial, name: trial.suggest_float(name, 0.1, 100.0, log=True),
}
