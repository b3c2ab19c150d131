"""The known honest answers of the Hillstrom trial."""

import pandas as pd
import pytest

from models.evaluation.trials.leaking_columns import find_leaking_columns
from models.evaluation.trials.report import evaluate_trial, trial_report_json
from models.evaluation.trials.trial_file import TrialColumns, read_trial

pytestmark = pytest.mark.needs_data


@pytest.fixture
def hillstrom(data_dir):
    def read(exclude):
        path = data_dir / "hillstrom" / "hillstrom.csv"
        return read_trial(path, TrialColumns("segment", "No E-Mail", "visit", exclude=exclude))

    return read


def test_women_differ_men_do_not_and_choosing_does_not_pay(hillstrom):
    found = trial_report_json(evaluate_trial(hillstrom(("conversion", "spend"))), "en")
    static = {arm: value["value"] for arm, value in found["static"].items()}
    assert static == pytest.approx({"No E-Mail": 0.106, "Mens E-Mail": 0.183, "Womens E-Mail": 0.151}, abs=0.002)
    assert found["personalised"]["value"] == pytest.approx(0.182, abs=0.003)
    assert found["qini"]["Womens E-Mail"]["low"] > 0
    assert found["qini"]["Mens E-Mail"]["low"] <= 0 <= found["qini"]["Mens E-Mail"]["high"]
    assert found["verdict"] == "best_arm"
    assert found["best"] == "Mens E-Mail"
    assert found["warnings"] == []


def test_the_other_outcomes_are_warned_of(hillstrom):
    columns = {one.column for one in find_leaking_columns(hillstrom(()))}
    assert columns == {"conversion", "spend"}


def test_the_file_has_the_rows_that_its_readme_names(hillstrom):
    trial = hillstrom(("conversion", "spend"))
    assert len(trial) == 64_000
    assert pd.Series(trial.arm).nunique() == 3
