"""Support: whether a log suffices to evaluate a target policy."""

from dataclasses import dataclass

import numpy as np

from models.evaluation.off_policy.randomised_rows import Flags, Floats

LEAST_EFFECTIVE = 100.0
MEAN_WEIGHT = (0.8, 1.2)


@dataclass(frozen=True)
class PolicySupport:
    """`effective`: effective sample size (Σw)² ∕ Σw² (Kish 1965). `mean_weight`: 1 in expectation where every choice
    of the target has a chance in the log. `unsupported`: share of the target's choices that the log could not make.
    `used`: rows whose weight is not 0."""

    rows: int
    used: int
    effective: float
    mean_weight: float
    largest_weight: float
    unsupported: float

    @property
    def faults(self) -> tuple[str, ...]:
        """The broken limits: `few_rows`, `mean_weight`; empty where the support suffices."""
        results = []
        if self.effective < LEAST_EFFECTIVE:
            results.append("few_rows")
        # Weights average to 1 where logged propensities are right: a mean far from it reveals wrong ones, or no
        # support.
        if not MEAN_WEIGHT[0] <= self.mean_weight <= MEAN_WEIGHT[1]:
            results.append("mean_weight")
        return tuple(results)

    @property
    def refused(self) -> bool:
        return bool(self.faults)


def policy_support(weight: Floats, unsupported: float = 0.0) -> PolicySupport:
    """Return the support by importance weights (n); none without rows."""
    square = float((weight**2).sum())
    return PolicySupport(
        rows=len(weight),
        used=int((weight > 0).sum()),
        # A few rows with large weights are worth no more than their effective number.
        effective=float(weight.sum()) ** 2 / square if square > 0 else 0.0,
        mean_weight=float(weight.mean()) if len(weight) else 0.0,
        largest_weight=float(weight.max(initial=0.0)),
        unsupported=unsupported,
    )


def unsupported_share(target: Floats, eligible: Flags) -> float:
    """Return the mean probability that the target gives to actions that were not eligible in the log."""
    return float(np.where(eligible, 0.0, target).sum(axis=1).mean()) if len(target) else 0.0
