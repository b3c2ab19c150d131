"""The grade of the training procedure: evidence that its average precision beats the best recency rule (design §6)."""

from dataclasses import dataclass
from enum import StrEnum

from kqml.contract.fields import Count, NumberOrNaN
from models.churn.resampling import MeasuredMetric, paired

FEWEST_CHURNED_ACCOUNTS = 100
A_SHARE = 0.10
"""An A needs the lower bound of the gain to reach this share of the rule's average precision."""


class Grade(StrEnum):
    """A and B may serve; C: no evidence that the model beats a rule of thumb; ungraded: too few departures."""

    A = "A"
    B = "B"
    C = "C"
    UNGRADED = "ungraded"


@dataclass(frozen=True)
class Grading:
    """A grade with its evidence: `gain` is d, with its 95 % interval over paired resamples of accounts."""

    grade: Grade
    rule: str
    average_precision: NumberOrNaN
    rule_average_precision: NumberOrNaN
    gain: NumberOrNaN
    gain_low: NumberOrNaN
    gain_high: NumberOrNaN
    churned_accounts: Count


def grade_procedure(model: MeasuredMetric, rule: MeasuredMetric, rule_name: str, churned_accounts: int) -> Grading:
    """Grade a model against the rule chosen on training cutoffs, both measured on the same test rows and draws."""
    name = "average_precision"
    # Paired: model and rule share the luck of a resample, which cancels in their difference and narrows the interval.
    bounds = paired(model, rule, name)
    return Grading(
        grade=_letter(bounds.low, rule.values[name], churned_accounts),
        rule=rule_name,
        average_precision=model.values[name],
        rule_average_precision=rule.values[name],
        gain=model.values[name] - rule.values[name],
        gain_low=bounds.low,
        gain_high=bounds.high,
        churned_accounts=churned_accounts,
    )


def _letter(low: float, rule_precision: float, churned_accounts: int) -> Grade:
    if churned_accounts < FEWEST_CHURNED_ACCOUNTS:
        return Grade.UNGRADED
    # `low > 0` as well: with a rule of precision 0 the share alone would be met by a gain of 0.
    if low >= A_SHARE * rule_precision and low > 0:
        return Grade.A
    return Grade.B if low > 0 else Grade.C
