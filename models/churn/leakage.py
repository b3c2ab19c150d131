"""The leakage check: columns and scores too good to have been known before the cutoff."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from models.churn.boosting import FOLDS, Parameters, train_booster
from models.churn.churn_model import predict_log_odds
from models.churn.examples import Examples, order_columns
from models.churn.fitting import FittedChurn
from models.churn.metrics import Mask, auc, rank_metrics, weigh
from models.churn.splits import Slices

SUSPICIOUS_AUC = 0.95
SUSPICIOUS_COST = 0.01
LEAST_GAIN_SHARE = 0.005
"""Share of the trees' total gain below which a column cannot carry the cost that makes it suspicious."""


@dataclass(frozen=True)
class LeakageSuspect:
    """An account column or non-order feature whose removal costs more than .01 AUC."""

    column: str
    cost: float


@dataclass(frozen=True)
class Leakage:
    """`auc`: on the test block. `cost_of_all`: AUC lost, on held-out training rows, without any account column or
    non-order feature. `explanation`: what the person who trained says about the flags, "" for nothing."""

    auc: float
    cost_of_all: float
    suspects: tuple[LeakageSuspect, ...]
    explanation: str = ""

    @property
    def flagged(self) -> bool:
        return self.auc > SUSPICIOUS_AUC or bool(self.suspects)

    @property
    def unexplained(self) -> bool:
        return self.flagged and not self.explanation.strip()


def check_leakage(
    examples: Examples, slices: Slices, fitted: FittedChurn, parameters: Parameters, seed: int
) -> tuple[float, tuple[LeakageSuspect, ...]]:
    """AUC lost without every doubted column, and the columns that alone cost more than .01, dearest first.

    Refits with the rounds found and judges on training rows held out by time (by account on a short timeline), never
    on the test block. Single columns are tried only where all of them together cost more than .01.
    """
    trial = _Trial.of(examples, slices, fitted.rounds, parameters, seed)
    doubted = ~order_columns(examples.columns)
    if not doubted.any() or doubted.all():
        return 0.0, ()
    whole = trial.auc_with(np.ones(len(doubted), dtype=np.bool_))
    cost_of_all = whole - trial.auc_with(~doubted)
    if not cost_of_all > SUSPICIOUS_COST:
        return cost_of_all, ()
    costs = [(index, whole - trial.auc_without(index)) for index in _worth_trying(fitted, doubted)]
    results = [LeakageSuspect(examples.columns[index], cost) for index, cost in costs if cost > SUSPICIOUS_COST]
    return cost_of_all, tuple(sorted(results, key=lambda suspect: -suspect.cost))


def _worth_trying(fitted: FittedChurn, doubted: Mask) -> Sequence[int]:
    gain = fitted.booster.feature_importance("gain")
    return [int(index) for index in np.flatnonzero(doubted & (gain >= LEAST_GAIN_SHARE * gain.sum()))]


@dataclass(frozen=True)
class _Trial:
    learn: Examples
    judge: Examples
    rounds: int
    parameters: Parameters
    seed: int

    @classmethod
    def of(cls, examples: Examples, slices: Slices, rounds: int, parameters: Parameters, seed: int) -> "_Trial":
        training = examples.where(slices.rows_in(slices.training, examples.cutoff))
        assessment = (
            _evaluated_accounts(training, seed) if slices.short else slices.rows_in(slices.calibrate, training.cutoff)
        )
        known = ~assessment if slices.short else training.matures_at <= training.cutoff[assessment].min()
        return cls(training.where(known), training.where(assessment), rounds, parameters, seed)

    def auc_with(self, columns: Mask) -> float:
        booster = train_booster(self.learn.only(columns), self.parameters, self.rounds, self.seed)
        scores = predict_log_odds(booster, self.judge.values[:, columns])
        return auc(weigh(rank_metrics(scores, self.judge.churned), np.ones(len(scores))))

    def auc_without(self, index: int) -> float:
        columns = np.ones(len(self.learn.columns), dtype=np.bool_)
        columns[index] = False
        return self.auc_with(columns)


def _evaluated_accounts(training: Examples, seed: int) -> Mask:
    accounts = np.unique(training.account)
    assessment = np.random.default_rng(seed).permutation(accounts)[: max(1, len(accounts) // FOLDS)]
    return np.isin(training.account, assessment)
