"""Evaluation of a target policy against another one, refused where the log lacks support."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from models.evaluation.off_policy.clustering import PolicyEstimate, clusters_of, estimate
from models.evaluation.off_policy.estimators import POOLED, differences, row_values, values
from models.evaluation.off_policy.outcome_model import Regression
from models.evaluation.off_policy.pooling import DisputedRows, pooled_difference
from models.evaluation.off_policy.randomised_rows import Floats, RandomisedRows, WeightedRows, disagreement, weigh
from models.evaluation.off_policy.support import PolicySupport, policy_support, unsupported_share

HEADLINE = "doubly_robust"
"""Of a value, and of a difference that cannot be pooled."""

DISAGREE = 0.1
"""Level of the test that the pooled and the doubly robust estimate differ by chance; lenient, because it checks the
assumptions of pooling."""


@dataclass(frozen=True)
class EvaluatedTarget:
    """One policy: its support, its value by each estimator (none where it is refused)."""

    support: PolicySupport
    values: Mapping[str, PolicyEstimate] | None


@dataclass(frozen=True)
class PolicyEvaluation:
    """The target, what it is compared with; `difference`: by each estimator, none where one of them is refused; by
    `pooled` too where outcomes are amounts and enough rows are in dispute. `disagreement`: pooled less doubly robust,
    from the same rows; None where nothing is pooled."""

    target: EvaluatedTarget
    against: EvaluatedTarget
    difference: Mapping[str, PolicyEstimate] | None
    disagreement: PolicyEstimate | None = None

    @property
    def refused(self) -> bool:
        return self.target.values is None

    @property
    def headline(self) -> str:
        """The estimator that decides, declared before any outcome is seen: pooled for amounts, because its intervals
        are the narrowest that hold the truth in simulated weeks; doubly robust where too few rows are in dispute to
        pool them, and for yes or no."""
        return POOLED if self.difference is not None and POOLED in self.difference else HEADLINE

    @property
    def disagrees(self) -> bool:
        """Whether the headline differs from the doubly robust estimate by more than chance: then neither decides."""
        return self.disagreement is not None and self.disagreement.p_value < DISAGREE


def evaluate_policy(rows: RandomisedRows, target: Floats, against: Floats, regression: Regression) -> PolicyEvaluation:
    """Evaluate one week of the target policy, later weeks by the policy that made the log (design §7).

    `target`, `against` (n × K): probabilities. `regression`: expected outcomes, cross-fitted. Intervals are clustered
    by account and rep. Refused below 100 effective rows, or with a mean weight outside .8–1.2.
    """
    # Weeks of one account are dependent, and accounts of one rep share the rep's hours.
    clusters = clusters_of(rows.account, rows.rep)
    weighed = [weigh(rows, probabilities, regression.expected) for probabilities in (target, against)]
    assessment = []
    for weighted, probabilities in zip(weighed, (target, against), strict=True):
        support = policy_support(weighted.weight, unsupported_share(probabilities, rows.eligible))
        estimates = None if support.refused else values(weighted, rows.outcome, clusters)
        assessment.append(EvaluatedTarget(support, estimates))
    if assessment[0].values is None or assessment[1].values is None:
        return PolicyEvaluation(assessment[0], assessment[1], None)
    result = dict(differences(weighed[0], weighed[1], rows.outcome, clusters))
    disputed = _disputed(rows, (weighed[0], weighed[1]), disagreement(target, against), regression)
    # Pooling needs amounts: shares of money mean nothing for a probability of retention.
    pooled = None if disputed is None else pooled_difference(disputed, clusters)
    if pooled is None:
        return PolicyEvaluation(assessment[0], assessment[1], result)
    robust = row_values(HEADLINE, weighed[0], rows.outcome) - row_values(HEADLINE, weighed[1], rows.outcome)
    apart = estimate(
        pooled.estimate.value - float(robust.mean()),
        pooled.influence - (robust - robust.mean()),
        clusters,
        symmetric=True,
    )
    return PolicyEvaluation(assessment[0], assessment[1], {**result, POOLED: pooled.estimate}, apart)


def _disputed(
    rows: RandomisedRows, weighed: tuple[WeightedRows, WeightedRows], share: Floats, regression: Regression
) -> DisputedRows | None:
    if regression.size is None or regression.spread is None:
        return None
    target, against = weighed
    return DisputedRows(
        expected=target.expected - against.expected,
        weight=target.weight - against.weight,
        rest=rows.outcome - target.fitted,
        outcome=rows.outcome,
        size=regression.size,
        spread=regression.spread,
        share=share,
    )


def logged_policy_value(rows: RandomisedRows) -> float:
    """Return the mean outcome of the rows: the value of the policy that made the log."""
    return float(np.mean(rows.outcome)) if len(rows) else float("nan")
