"""Propensities: the probability with which each action was taken, as logged or estimated from the features."""

from dataclasses import dataclass, replace

import numpy as np

from models.uplift.forests import CrossFitted, Growth, cross_fit
from models.uplift.sample import Codes, DecisionSample, Flags, Floats

GROWTH = Growth(objective="multiclass", num_leaves=8, learning_rate=0.15, least_share=0.005, most_rounds=80)
LEAST = 0.02
"""Lower clipping bound of estimated propensities; rows below it lack overlap and are excluded from averages."""


@dataclass(frozen=True)
class Propensities:
    """Propensities of n rows and A actions.

    `taken` (n): of the action taken, clipped from below. `supported` (n, A): the action and `wait` are both eligible
    and, where propensities are estimated, both at least `LEAST` (overlap).
    """

    taken: Floats
    supported: Flags


@dataclass(frozen=True)
class ActionSupport:
    """The support of new rows. Without `trees` propensities were known, and support is eligibility."""

    trees: CrossFitted | None = None
    least: float = LEAST

    def at(self, values: Floats, eligible: Flags) -> Flags:
        """Return the support (n, A), as `Propensities.supported`."""
        if self.trees is None:
            return np.asarray(eligible & eligible[:, :1])
        return _supported(_among(self.trees.mean(values), eligible), eligible, self.least)


def known_propensities(sample: DecisionSample) -> Propensities:
    """Return the logged propensities."""
    return Propensities(sample.probability, sample.eligible & sample.eligible[:, :1])


def estimate_propensities(
    sample: DecisionSample, fold: Codes, least: float = LEAST, seed: int = 0
) -> tuple[Propensities, ActionSupport]:
    """Estimate propensities among the eligible actions by a cross-fitted multiclass model."""
    growth = replace(GROWTH, classes=len(sample.actions))
    trees = cross_fit(sample.values, sample.action.astype(np.float64), fold, growth, seed=seed)
    probabilities = _among(trees.out_of_fold(sample.values, fold), sample.eligible)
    taken = np.maximum(probabilities[np.arange(len(sample)), sample.action], least)
    return Propensities(taken, _supported(probabilities, sample.eligible, least)), ActionSupport(trees, least)


def _among(probabilities: Floats, eligible: Flags) -> Floats:
    allowed = np.where(eligible, probabilities, 0.0)
    return np.asarray(allowed / np.maximum(allowed.sum(axis=1, keepdims=True), 1e-12))


def _supported(probabilities: Floats, eligible: Flags, least: float) -> Flags:
    likely = (probabilities >= least) & eligible
    return np.asarray(likely & likely[:, :1])
