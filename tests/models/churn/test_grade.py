"""The grade, as a table of gains and letters."""

import numpy as np
import pytest

from models.churn.grade import Grade, grade_procedure
from models.churn.resampling import MeasuredMetric


def measured(precision, spread=0.0):
    draws = precision + spread * np.linspace(-1, 1, 1001)
    return MeasuredMetric({"average_precision": precision}, {"average_precision": draws})


@pytest.mark.parametrize(
    ("model", "rule", "spread", "churned_accounts", "expected"),
    [
        (0.50, 0.40, 0.00, 100, Grade.A),
        (0.45, 0.40, 0.00, 100, Grade.A),
        (0.43, 0.40, 0.00, 100, Grade.B),
        (0.50, 0.40, 0.10, 100, Grade.B),
        (0.40, 0.40, 0.00, 100, Grade.C),
        (0.42, 0.40, 0.05, 100, Grade.C),
        (0.30, 0.40, 0.00, 100, Grade.C),
        (0.50, 0.40, 0.00, 99, Grade.UNGRADED),
        (0.30, 0.40, 0.00, 99, Grade.UNGRADED),
        (float("nan"), float("nan"), 0.00, 100, Grade.C),
        (0.10, 0.00, 0.00, 100, Grade.A),
    ],
)
def test_letters(model, rule, spread, churned_accounts, expected):
    assert grade_procedure(measured(model, spread), measured(rule), "rule", churned_accounts).grade is expected


def test_the_evidence_is_shown():
    found = grade_procedure(measured(0.5, 0.1), measured(0.4), "silence_over_mean_gap", 372)
    assert (found.gain, found.gain_low, found.gain_high) == pytest.approx((0.1, 0.005, 0.195))
    assert (found.rule, found.churned_accounts) == ("silence_over_mean_gap", 372)
