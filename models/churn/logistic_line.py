"""Logistic regression of churn on one number, the log-odds of a model: intercept and slope."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import expit

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class LogisticLine:
    """P(churned) = 1 / (1 + exp(-(intercept + slope × log-odds)))."""

    intercept: float
    slope: float

    def log_odds(self, log_odds: Floats) -> Floats:
        return self.intercept + self.slope * log_odds

    def probability(self, log_odds: Floats) -> Floats:
        return np.asarray(expit(self.log_odds(log_odds)), dtype=np.float64)


def fit_line(log_odds: Floats, targets: Floats) -> LogisticLine:
    """Return the maximum-likelihood line for `targets` in [0, 1].

    Targets strictly inside (0, 1) keep it finite on separable rows.
    """

    def loss(line: Floats) -> float:
        margin = line[0] + line[1] * log_odds
        # `logaddexp` for log(1 + exp(m)): no overflow for large margins.
        return float(np.mean(np.logaddexp(0.0, margin) - targets * margin))

    def gradient(line: Floats) -> Floats:
        residual = expit(line[0] + line[1] * log_odds) - targets
        return np.array([residual.mean(), (residual * log_odds).mean()])

    def curvature(line: Floats) -> Floats:
        p = expit(line[0] + line[1] * log_odds)
        weight = p * (1 - p)
        across = (weight * log_odds).mean()
        return np.array([[weight.mean(), across], [across, (weight * log_odds**2).mean()]])

    start = np.array([0.0, 1.0])
    # Two parameters and a convex loss: a trust region with exact curvature converges in a few steps, also on rows that
    # nearly separate, where plain Newton steps overshoot.
    result = minimize(
        loss, start, jac=gradient, hess=curvature, method="trust-exact", options={"maxiter": 200, "gtol": 1e-8}
    )
    return LogisticLine(float(result.x[0]), float(result.x[1]))


def fit_intercept(log_odds: Floats, targets: Floats) -> LogisticLine:
    """Return the line of slope 1 whose mean probability is the targets' mean, by bisection."""
    wanted = float(np.mean(targets))
    # At ±60 every probability is 0 or 1 to double precision, so that the root lies between.
    low, high = -60.0 - float(np.max(log_odds)), 60.0 - float(np.min(log_odds))
    for _ in range(200):
        middle = (low + high) / 2
        too_low = float(np.mean(expit(log_odds + middle))) < wanted
        low, high = (middle, high) if too_low else (low, middle)
    return LogisticLine((low + high) / 2, 1.0)
