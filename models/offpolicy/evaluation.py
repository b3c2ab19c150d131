"""A target policy's value from a log, beside another one's, or the refusal to tell."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from models.offpolicy.clustering import Estimate
from models.offpolicy.drawn import Drawn, Floats, weigh
from models.offpolicy.estimators import differences, values
from models.offpolicy.support import Support, support_of, unsupported_share

HEADLINE = "doubly_robust"


@dataclass(frozen=True)
class Judged:
    """One policy: its support, its value by each estimator (none where it is refused)."""

    support: Support
    values: Mapping[str, Estimate] | None


@dataclass(frozen=True)
class Evaluation:
    """The target, what it is compared with; `difference`: by each estimator, none where one of them is refused."""

    target: Judged
    against: Judged
    difference: Mapping[str, Estimate] | None

    @property
    def refused(self) -> bool:
        return self.target.values is None


def evaluate_policy(drawn: Drawn, target: Floats, against: Floats, regression: Floats) -> Evaluation:
    """One week drawn from the target policy, later weeks by the policy that made the log (design §7).

    `target`, `against` (n × K): chances. `regression` (n × K): expected outcomes, fitted without each row. Intervals
    are clustered by account and rep. Refused below 100 effective rows, or with a mean weight outside .8–1.2.
    """
    clusters = (drawn.account, drawn.rep)
    weighed = [weigh(drawn, chances, regression) for chances in (target, against)]
    judged = []
    for one, chances in zip(weighed, (target, against), strict=True):
        support = support_of(one.weight, unsupported_share(chances, drawn.eligible))
        judged.append(Judged(support, None if support.refused else values(one, drawn.outcome, clusters)))
    both = judged[0].values is not None and judged[1].values is not None
    return Evaluation(
        judged[0], judged[1], differences(weighed[0], weighed[1], drawn.outcome, clusters) if both else None
    )


def logged_value(drawn: Drawn) -> float:
    """The mean outcome of the rows as they were drawn."""
    return float(np.mean(drawn.outcome)) if len(drawn) else float("nan")
