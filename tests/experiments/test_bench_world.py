"""The benchmark of a world's churn runs, and says what it should of a small world."""

import json

import pytest

from experiments.bench.__main__ import main
from models.churn.reasons.contributions import CODES


@pytest.mark.slow
def test_a_quick_run_measures_every_group_gap_and_driver(capsys):
    assert main(["world", "--quick", "--fit", "vendor", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert {(row["gap"], row["group"], row["features"]) for row in found["rows"]} == {
        (gap, group, features)
        for gap in (0, 28)
        for group in ("all", "silent", "ordering")
        for features in ("all", "orders")
    }
    assert all(0.5 < row["auc"] < 1.0 for row in found["rows"])
    assert all(row["auc_low"] <= row["auc"] <= row["auc_high"] for row in found["rows"])
    assert 0 < found["left"]["churned_that_left"] < 1
    assert {row["code"] for row in found["drivers"]} <= {code.value for code in CODES}
    assert all(row["rows"] > 0 for row in found["drivers"])
