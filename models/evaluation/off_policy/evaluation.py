"""A target policy's value from a log, beside another one's, or the refusal to tell."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from models.evaluation.off_policy.clustering import PolicyEstimate, clusters_of
from models.evaluation.off_policy.estimators import POOLED, differences, values
from models.evaluation.off_policy.outcome_model import Regression
from models.evaluation.off_policy.pooling import DisputedRows, pooled_difference
from models.evaluation.off_policy.randomised_rows import Floats, RandomisedRows, WeightedRows, disagreement, weigh
from models.evaluation.off_policy.support import PolicySupport, policy_support, unsupported_share

HEADLINE = "doubly_robust"


@dataclass(frozen=True)
class EvaluatedTarget:
    """One policy: its support, its value by each estimator (none where it is refused)."""

    support: PolicySupport
    values: Mapping[str, PolicyEstimate] | None


@dataclass(frozen=True)
class PolicyEvaluation:
    """The target, what it is compared with; `difference`: by each estimator, none where one of them is refused; by
    `pooled` too where outcomes are amounts and enough rows are in dispute."""

    target: EvaluatedTarget
    against: EvaluatedTarget
    difference: Mapping[str, PolicyEstimate] | None

    @property
    def refused(self) -> bool:
        return self.target.values is None

    @property
    def headline(self) -> str:
        """The estimator whose difference is to be told first: the narrowest that holds the truth in lived weeks."""
        return POOLED if self.difference is not None and POOLED in self.difference else HEADLINE


def evaluate_policy(rows: RandomisedRows, target: Floats, against: Floats, regression: Regression) -> PolicyEvaluation:
    """One week drawn from the target policy, later weeks by the policy that made the log (design §7).

    `target`, `against` (n × K): chances. `regression`: of expected outcomes, fitted without each row. Intervals are
    clustered by account and rep. Refused below 100 effective rows, or with a mean weight outside .8–1.2.
    """
    clusters = clusters_of(rows.account, rows.rep)
    weighed = [weigh(rows, probabilities, regression.expected) for probabilities in (target, against)]
    assessment = []
    for one, probabilities in zip(weighed, (target, against), strict=True):
        support = policy_support(one.weight, unsupported_share(probabilities, rows.eligible))
        assessment.append(EvaluatedTarget(support, None if support.refused else values(one, rows.outcome, clusters)))
    if assessment[0].values is None or assessment[1].values is None:
        return PolicyEvaluation(assessment[0], assessment[1], None)
    result = dict(differences(weighed[0], weighed[1], rows.outcome, clusters))
    disputed = _disputed(rows, (weighed[0], weighed[1]), disagreement(target, against), regression)
    pooled = None if disputed is None else pooled_difference(disputed, clusters)
    return PolicyEvaluation(assessment[0], assessment[1], result if pooled is None else {**result, POOLED: pooled})


def _disputed(
    rows: RandomisedRows, weighed: tuple[WeightedRows, WeightedRows], share: Floats, regression: Regression
) -> DisputedRows | None:
    if regression.size is None or regression.spread is None:
        return None
    one, other = weighed
    return DisputedRows(
        expected=one.expected - other.expected,
        weight=one.weight - other.weight,
        rest=rows.outcome - one.fitted,
        outcome=rows.outcome,
        size=regression.size,
        spread=regression.spread,
        share=share,
    )


def logged_policy_value(rows: RandomisedRows) -> float:
    """The mean outcome of the rows as they were drawn."""
    return float(np.mean(rows.outcome)) if len(rows) else float("nan")
