"""What a policy brought beside the persistent holdout, per account at equal hours."""

from dataclasses import dataclass

import numpy as np

from models.evaluation.off_policy.clustering import PolicyEstimate, clusters_of, estimate
from models.evaluation.off_policy.randomised_rows import Codes, Flags, Floats

LEAST_ACCOUNTS = 100
"""In each arm; below, nothing is told."""

EQUAL = 0.1
"""Minutes per account may differ by this share of the holdout's."""


@dataclass(frozen=True)
class Contrast:
    """`effect`: mean outcome of an account under the policy less that of a held-out one of the same rep. `minutes`: the
    same of the rep's minutes; `equal_hours`: they differ by at most a tenth of the holdout's. Otherwise the effect is
    partly one of hours moved between the arms. It is never a total effect: both arms share their reps."""

    accounts: int
    held_out: int
    effect: PolicyEstimate
    minutes: PolicyEstimate
    equal_hours: bool


def holdout_contrast(account: Codes, rep: Codes, holdout: Flags, outcome: Floats, minutes: Floats) -> Contrast | None:
    """The contrast of rows (several weeks of an account are averaged first); None where an arm is too small."""
    names, place = np.unique(account, return_inverse=True)
    rows = np.bincount(place)
    held = np.bincount(place, weights=holdout) > rows / 2
    mean = [np.bincount(place, weights=values) / rows for values in (outcome, minutes)]
    first = np.full(len(names), len(account), dtype=np.int64)
    np.minimum.at(first, place, np.arange(len(account)))
    own = rep[first]
    if min(held.sum(), (~held).sum()) < LEAST_ACCOUNTS:
        return None
    effect, spent = (_within_reps(values, held, own) for values in mean)
    usual = float(mean[1][held].mean())
    return Contrast(int((~held).sum()), int(held.sum()), effect, spent, abs(spent.value) <= EQUAL * max(usual, 1e-9))


def _within_reps(outcome: Floats, held: Flags, rep: Codes) -> PolicyEstimate:
    """Differences within reps, weighted as least squares with a constant per rep do; clustered by rep."""
    _, place = np.unique(rep, return_inverse=True)
    size = np.bincount(place)
    treated = (~held).astype(np.float64)
    centred = treated - (np.bincount(place, weights=treated) / size)[place]
    rest = outcome - (np.bincount(place, weights=outcome) / size)[place]
    strength = float((centred**2).sum())
    if strength == 0:
        return PolicyEstimate(float("nan"), float("inf"), 1.0)
    value = float((centred * rest).sum()) / strength
    influence = centred * (rest - value * centred) * len(outcome) / strength
    return estimate(value, influence, clusters_of(place), symmetric=True)
