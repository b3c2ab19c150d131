"""The fitting procedure of a churn model: slices, rounds, refit, calibration."""

from dataclasses import dataclass

import lightgbm as lgb
import numpy as np

from kqml.calendar.business_time import Instants
from models.churn.boosting import Parameters, rounds_by_folds, rounds_by_slice, train_booster
from models.churn.calibration import Calibration, fit_calibration
from models.churn.churn_model import predict_log_odds
from models.churn.examples import Examples
from models.churn.logistic_line import Floats
from models.churn.metrics import Mask
from models.churn.splits import FEWEST_FIT, INNER_SHARE, Slices

CALIBRATION_SHARE = 3 * INNER_SHARE
"""Share of the training cutoffs, the latest, whose out-of-time predictions calibrate (DECISIONS.md)."""

ORIGINS = 3
"""Times the trees are fitted anew on the way through them."""


@dataclass(frozen=True)
class OutOfSample:
    """Log-odds from trees that had not seen the rows' answers.."""

    log_odds: Floats
    churned: Mask
    cutoff: Instants


@dataclass(frozen=True)
class FittedChurn:
    """Trees of `rounds` rounds on every training cutoff, calibrated by `evidence`."""

    booster: lgb.Booster
    rounds: int
    calibration: Calibration
    evidence: OutOfSample

    def probability(self, values: Floats) -> Floats:
        """Return the calibrated churn probability per row."""
        return self.calibration.probability(predict_log_odds(self.booster, values))


def fit_churn(examples: Examples, slices: Slices, parameters: Parameters, seed: int) -> FittedChurn:
    """Finds the rounds by the early-stop slice, refits on all training cutoffs, calibrates by earlier refits.

    The calibration replays the refit: trees of the rounds found, fitted on what was mature at an origin, predict the
    cutoffs from it to the next origin, through the latest 45 % of the training cutoffs. On a short timeline folds of
    accounts find the rounds and give the predictions.
    """
    training = examples.where(slices.rows_in(slices.training, examples.cutoff))
    if slices.short:
        rounds, log_odds = rounds_by_folds(training, parameters, seed)
        evidence = OutOfSample(log_odds, training.churned, training.cutoff)
    else:
        rounds = find_rounds(examples, slices, parameters, seed)
        evidence = replay(training, parameters, rounds, seed)
    booster = train_booster(training, parameters, rounds, seed)
    return FittedChurn(booster, rounds, fit_calibration(evidence.log_odds, evidence.churned), evidence)


def find_rounds(examples: Examples, slices: Slices, parameters: Parameters, seed: int) -> int:
    """Return the rounds that the early-stop slice asks of trees fitted on the fit slice."""
    fit = examples.where(slices.rows_in(slices.fit, examples.cutoff))
    stop = examples.where(slices.rows_in(slices.early_stop, examples.cutoff))
    return rounds_by_slice(fit, stop, parameters, seed)


def replay(training: Examples, parameters: Parameters, rounds: int, seed: int) -> OutOfSample:
    """Predictions for the latest cutoffs, block by block, each by trees fitted on what was mature when it began."""
    cutoffs, matures = training.cutoffs()
    parts = []
    for block in _blocks(cutoffs):
        known = cutoffs[matures <= block[0]]
        if len(known) < FEWEST_FIT:
            continue
        booster = train_booster(training.where(np.isin(training.cutoff, known)), parameters, rounds, seed)
        ahead = training.where(np.isin(training.cutoff, block))
        parts.append(OutOfSample(predict_log_odds(booster, ahead.values), ahead.churned, ahead.cutoff))
    return OutOfSample(
        np.concatenate([part.log_odds for part in parts]),
        np.concatenate([part.churned for part in parts]),
        np.concatenate([part.cutoff for part in parts]),
    )


def _blocks(cutoffs: Instants) -> list[Instants]:
    """Return the latest share of the cutoffs in as many even blocks as there are origins, none empty."""
    latest = cutoffs[-max(2, round(CALIBRATION_SHARE * len(cutoffs))) :]
    return [block for block in np.array_split(latest, ORIGINS) if len(block)]
