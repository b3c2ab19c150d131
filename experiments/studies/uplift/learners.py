"""The compared CATE learners: ours, econml's, a T-learner, naive differences."""

import math
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kqml.errors import CouldNot
from models.uplift.contrasts import clustered_mean
from models.uplift.folds import folds_of
from models.uplift.forests import Growth, cross_fit
from models.uplift.learner import EffectModel
from models.uplift.sample import DecisionSample, Flags, Floats

LEAST_ROWS = 500
LEAVES, RATE, ROUNDS = 8, 0.1, 100
"""Of the peers' LightGBM, as of our own regressions (which choose their rounds)."""


@dataclass(frozen=True)
class GroupInterval:
    """A learner's interval for an action in a group, on the rows `mask`."""

    group: str
    action: int
    mask: Flags
    value: float
    low: float
    high: float


@dataclass(frozen=True)
class LearnerResult:
    """`predicted` (n, A): effect of each action at each row, NaN where the learner gives none."""

    predicted: Floats
    groups: list[GroupInterval]


Labels = NDArray[np.str_]
Learner = Callable[[DecisionSample, Labels], LearnerResult]


def our_learner(sample: DecisionSample, labels: Labels) -> LearnerResult:
    """Fit the learner of kqml."""
    evidence = EffectModel().fit_sample(sample).evidence
    groups = [
        GroupInterval(
            group.group,
            code := evidence.actions.index(group.action),
            (labels == group.group) & evidence.propensities.supported[:, code],
            group.estimate.value,
            group.estimate.low,
            group.estimate.high,
        )
        for group in evidence.groups(labels, LEAST_ROWS)
    ]
    predicted = evidence.out_of_fold.copy()
    predicted[:, 0] = 0.0
    return LearnerResult(predicted, groups)


def naive_learner(sample: DecisionSample, labels: Labels) -> LearnerResult:
    """Return the mean outcome with the action less that of waiting, group by group."""
    predicted = np.zeros((len(sample), len(sample.actions)))
    groups = []
    for name, code, mask in _groups(sample, labels, 1):
        treated, waited = (clustered_mean(*_of(sample, mask & (sample.action == a))) for a in (code, 0))
        value = treated.value - waited.value
        reach = 1.96 * float(np.hypot(treated.error, waited.error))
        predicted[mask, code] = value if np.isfinite(value) else 0.0
        if mask.sum() >= LEAST_ROWS:
            groups.append(GroupInterval(name, code, mask, value, value - reach, value + reach))
    return LearnerResult(predicted, groups)


def t_learner(sample: DecisionSample, labels: Labels) -> LearnerResult:
    """Fit a T-learner: one LightGBM regression for each action (Künzel et al. 2019, PNAS 116).

    Intervals assume that the regressions are unbiased.
    """
    fold = folds_of(sample.account)
    growth = Growth(num_leaves=LEAVES, learning_rate=RATE, most_rounds=ROUNDS)
    expected = np.empty((len(sample), len(sample.actions)))
    rest = np.empty(len(sample))
    for code in range(len(sample.actions)):
        in_action = sample.action == code
        trees = cross_fit(sample.values[in_action], sample.outcome[in_action], fold[in_action], growth)
        expected[:, code] = trees.out_of_fold(sample.values, fold)
        rest[in_action] = sample.outcome[in_action] - expected[in_action, code]
    predicted = expected - expected[:, :1]
    groups = []
    for name, code, mask in _groups(sample, labels, LEAST_ROWS):
        treated, waited = mask & (sample.action == code), mask & (sample.action == 0)
        errors = [
            float(rest[mask_of_arm].std() / np.sqrt(max(mask_of_arm.sum(), 1))) for mask_of_arm in (treated, waited)
        ]
        reach = 1.96 * math.hypot(*errors)
        value = float(predicted[mask, code].mean())
        groups.append(GroupInterval(name, code, mask, value, value - reach, value + reach))
    return LearnerResult(predicted, groups)


def econml_dr(sample: DecisionSample, labels: Labels) -> LearnerResult:
    """Fit econml's DRLearner with its default linear final stage."""
    from econml.dr import DRLearner

    learner = DRLearner(
        model_propensity=_classifier(), model_regression=_regressor(), cv=5, random_state=0, min_propensity=0.02
    )
    return _by_econml(learner, sample, labels)


def econml_forest(sample: DecisionSample, labels: Labels) -> LearnerResult:
    """Fit econml's CausalForestDML (Athey, Tibshirani & Wager 2019, Ann. Statist. 47)."""
    from econml.dml import CausalForestDML

    learner = CausalForestDML(
        model_y=_regressor(),
        model_t=_classifier(),
        discrete_treatment=True,
        cv=5,
        n_estimators=200,
        min_samples_leaf=50,
        max_samples=0.4,
        n_jobs=2,
        random_state=0,
    )
    return _by_econml(learner, sample, labels)


LEARNERS: Mapping[str, Learner] = {
    "kqml": our_learner,
    "econml_dr": econml_dr,
    "econml_causal_forest": econml_forest,
    "t_learner": t_learner,
    "naive": naive_learner,
}


def need_econml() -> None:
    """Raise CouldNot, with the extra to install, where econml is missing."""
    try:
        import econml  # noqa: F401 - only asked for
    except ImportError as error:
        raise CouldNot("The peers need econml: install the extra `bench` (pip install 'kqml[bench]').") from error


def _by_econml(learner: object, sample: DecisionSample, labels: Labels) -> LearnerResult:
    """Fit by account; group intervals are those of `population_summary`."""
    values = np.nan_to_num(sample.values, nan=-1.0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        learner.fit(sample.outcome, sample.action, X=values, groups=sample.account)  # type: ignore[attr-defined]
        predicted = np.zeros((len(sample), len(sample.actions)))
        groups = []
        for code in range(1, len(sample.actions)):
            result = learner.effect_inference(values, T0=0, T1=code)  # type: ignore[attr-defined]
            predicted[:, code] = np.ravel(result.point_estimate)
            for name, _, mask in _groups(sample, labels, LEAST_ROWS, code):
                value = float(np.ravel(result.point_estimate)[mask].mean())
                reach = 1.96 * float(np.sqrt(np.mean(np.ravel(result.stderr)[mask] ** 2)))
                groups.append(GroupInterval(name, code, mask, value, value - reach, value + reach))
    return LearnerResult(predicted, groups)


def _regressor() -> object:
    from lightgbm import LGBMRegressor

    return LGBMRegressor(num_leaves=LEAVES, learning_rate=RATE, n_estimators=ROUNDS, n_jobs=2, verbose=-1)


def _classifier() -> object:
    from lightgbm import LGBMClassifier

    return LGBMClassifier(num_leaves=LEAVES, learning_rate=RATE / 2, n_estimators=ROUNDS // 2, n_jobs=2, verbose=-1)


def _groups(
    sample: DecisionSample, labels: Labels, least: int, only: int | None = None
) -> list[tuple[str, int, Flags]]:
    """Return every action in every group with enough eligible rows."""
    results = []
    for name in np.unique(labels):
        for code in range(1, len(sample.actions)) if only is None else (only,):
            mask = (labels == name) & sample.eligible[:, code]
            if mask.sum() >= least:
                results.append((str(name), code, mask))
    return results


def _of(sample: DecisionSample, mask: Flags) -> tuple[Floats, NDArray[np.int64]]:
    return sample.outcome[mask], sample.account[mask]
