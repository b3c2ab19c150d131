"""The policy against the persistent holdout: mean outcome per account, at equal hours."""

from dataclasses import dataclass

import numpy as np

from models.evaluation.off_policy.clustering import PolicyEstimate, clusters_of, estimate
from models.evaluation.off_policy.randomised_rows import Codes, Flags, Floats

LEAST_ACCOUNTS = 100
"""Accounts that each arm needs."""

EQUAL = 0.1
"""Minutes per account may differ by this share of the holdout's."""


@dataclass(frozen=True)
class HoldoutContrast:
    """`effect`: mean outcome of an account under the policy less that of a holdout account of the same rep.

    `minutes`: the same of the rep's minutes; `equal_hours`: they differ by at most a tenth of the holdout's. Otherwise
    the effect is partly one of hours moved between the arms. It is never a total effect: both arms share their reps.
    """

    accounts: int
    held_out: int
    effect: PolicyEstimate
    minutes: PolicyEstimate
    equal_hours: bool


def holdout_contrast(
    account: Codes, rep: Codes, in_holdout: Flags, outcome: Floats, minutes: Floats
) -> HoldoutContrast | None:
    """Return the contrast of rows (n each), weeks of an account averaged first; None where an arm is too small."""
    names, code = np.unique(account, return_inverse=True)
    rows = np.bincount(code)
    # The holdout changes with its term: an account counts for the arm in which it was for most of its weeks.
    holdout = np.bincount(code, weights=in_holdout) > rows / 2
    mean = [np.bincount(code, weights=values) / rows for values in (outcome, minutes)]
    first = np.full(len(names), len(account), dtype=np.int64)
    np.minimum.at(first, code, np.arange(len(account)))
    own = rep[first]
    if min(holdout.sum(), (~holdout).sum()) < LEAST_ACCOUNTS:
        return None
    effect, spent = (_within_reps(values, holdout, own) for values in mean)
    usual = float(mean[1][holdout].mean())
    equal_hours = abs(spent.value) <= EQUAL * max(usual, 1e-9)
    return HoldoutContrast(int((~holdout).sum()), int(holdout.sum()), effect, spent, equal_hours)


def _within_reps(outcome: Floats, holdout: Flags, rep: Codes) -> PolicyEstimate:
    """Return the difference within reps: least squares with a fixed effect per rep, clustered by rep."""
    _, code = np.unique(rep, return_inverse=True)
    size = np.bincount(code)
    # Within-transformation (Frisch–Waugh–Lovell): both sides less their means by rep.
    treated = (~holdout).astype(np.float64)
    centred = treated - (np.bincount(code, weights=treated) / size)[code]
    rest = outcome - (np.bincount(code, weights=outcome) / size)[code]
    strength = float((centred**2).sum())
    if strength == 0:
        return PolicyEstimate(float("nan"), float("inf"), 1.0)
    value = float((centred * rest).sum()) / strength
    influence = centred * (rest - value * centred) * len(outcome) / strength
    return estimate(value, influence, clusters_of(code), symmetric=True)
