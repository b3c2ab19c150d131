"""Calibration: maps a model's log-odds to churn probabilities, fitted on out-of-time rows."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit
from sklearn.isotonic import IsotonicRegression

from kqml.contract.fields import SchemaKeyword
from models.churn.logistic_line import Floats, LogisticLine, fit_intercept, fit_line

ISOTONIC_FROM = 1_000
"""Positives from which the shape is learned, not only intercept and slope (design §6)."""

FEWEST_FOR_SLOPE = 10
"""Rows of the rarer class below which only the level is learned."""


PRIOR_ROWS = 100
"""Rows of the logistic line that every isotonic step is mixed with."""


@dataclass(frozen=True)
class LogisticCalibration:
    """Two parameters on log-odds (Platt 1999); never decreasing."""

    line: LogisticLine

    def probability(self, log_odds: Floats) -> Floats:
        return self.line.probability(log_odds)

    def as_json(self) -> dict[str, Any]:
        return {"kind": "logistic", "intercept": self.line.intercept, "slope": self.line.slope}


@dataclass(frozen=True)
class IsotonicCalibration:
    """Isotonic regression with its steps joined by straight lines in log-odds, so that it never creates ties.

    `knots`: the model's mean log-odds of each step, ascending; `levels`: the calibrated log-odds there, ascending.
    Beyond the ends it runs on parallel to the model's log-odds.
    """

    knots: tuple[float, ...]
    levels: tuple[float, ...]

    def probability(self, log_odds: Floats) -> Floats:
        # A flat end would tie the accounts at the very top, which are the ones that matter.
        beyond = log_odds - np.clip(log_odds, self.knots[0], self.knots[-1])
        return np.asarray(expit(np.interp(log_odds, self.knots, self.levels) + beyond), dtype=np.float64)

    def as_json(self) -> dict[str, Any]:
        return {"kind": "isotonic", "knots": list(self.knots), "levels": list(self.levels)}


CalibrationKind = Annotated[str, SchemaKeyword("enum", ("isotonic", "logistic"))]
Calibration = LogisticCalibration | IsotonicCalibration

IDENTITY = LogisticCalibration(LogisticLine(0.0, 1.0))


def fit_calibration(log_odds: Floats, churned: NDArray[np.bool_]) -> Calibration:
    """Return the calibration of out-of-time log-odds: isotonic from 1,000 positives on, else two-parameter logistic.

    Where the rarer class has fewer than 10 rows only the level is fitted, on no rows at all nothing is. A model
    whose log-odds fall with churn gets the base rate for everybody. Always finite: targets are Platt's
    (n₊ + 1) / (n₊ + 2) and 1 / (n₋ + 2).
    """
    positives = int(churned.sum())
    if not len(churned):
        return IDENTITY
    # Isotonic regression overfits small samples (Niculescu-Mizil & Caruana 2005); both classes must be large.
    if positives >= ISOTONIC_FROM and len(churned) - positives >= ISOTONIC_FROM:
        return _isotonic(log_odds, churned)
    return LogisticCalibration(_rising_line(log_odds, churned))


def calibration_from(saved: Mapping[str, Any]) -> Calibration:
    """Return the calibration that `as_json` wrote; raises ValueError on another kind."""
    if saved["kind"] == "logistic":
        return LogisticCalibration(LogisticLine(float(saved["intercept"]), float(saved["slope"])))
    if saved["kind"] == "isotonic":
        return IsotonicCalibration(tuple(map(float, saved["knots"])), tuple(map(float, saved["levels"])))
    raise ValueError(f"no calibration of kind {saved['kind']!r}")


def _rising_line(log_odds: Floats, churned: NDArray[np.bool_]) -> LogisticLine:
    targets = _platt_targets(churned)
    if min(churned.sum(), (~churned).sum()) < FEWEST_FOR_SLOPE:
        return fit_intercept(log_odds, targets)
    line = fit_line(log_odds, targets)
    # A negative slope would turn the ranking around; a constant says honestly that the model orders nothing.
    return line if line.slope >= 0 else LogisticLine(float(logit(targets.mean())), 0.0)


def _platt_targets(churned: NDArray[np.bool_]) -> Floats:
    positives = int(churned.sum())
    negatives = len(churned) - positives
    # Targets strictly inside (0, 1), the posterior means under a uniform prior: the fit stays finite where classes
    # separate.
    return np.where(churned, (positives + 1) / (positives + 2), 1 / (negatives + 2))


def _isotonic(log_odds: Floats, churned: NDArray[np.bool_]) -> Calibration:
    """Return isotonic steps, each shrunken towards the logistic line by PRIOR_ROWS rows of it.

    Without that, a short step at an end, where no or every account churned, would claim certainty.
    """
    line = _rising_line(log_odds, churned)
    # Pool-adjacent-violators gives steps; accounts within one step would tie, which the chain below avoids.
    rates = IsotonicRegression(increasing=True).fit_transform(log_odds, churned.astype(np.float64))
    _, step = np.unique(rates, return_inverse=True)
    rows = np.bincount(step).astype(np.float64)
    knots = np.bincount(step, log_odds) / rows
    expected = np.bincount(step, line.probability(log_odds)) / rows
    shrunken = (np.bincount(step, churned) + PRIOR_ROWS * expected) / (rows + PRIOR_ROWS)
    return _chain(knots, shrunken, rows + PRIOR_ROWS, line)


def _chain(knots: Floats, rates: Floats, weights: Floats, line: LogisticLine) -> Calibration:
    """Return the calibration through the steps, made monotone once more; steps that became equal are joined."""
    # Shrinking moves short steps more than long ones, so that neighbours may have changed their order.
    rising = IsotonicRegression(increasing=True).fit_transform(knots, rates, sample_weight=weights)
    levels, level = np.unique(rising, return_inverse=True)
    if len(levels) < 2:
        return LogisticCalibration(line)
    centres = np.bincount(level, knots * weights) / np.bincount(level, weights)
    return IsotonicCalibration(tuple(centres.tolist()), tuple(logit(levels).tolist()))
