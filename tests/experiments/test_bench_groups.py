"""The benchmark of feature groups and causes runs; what it counts is counted right."""

import json

import numpy as np
import pandas as pd
import pytest

from experiments.bench.__main__ import main
from experiments.bench.world_churn.causes import NOTHING, confusion, recognised, true_drivers
from experiments.bench.world_churn.model_accuracy import QUICK
from experiments.world.drivers import DRIVERS


def pictures(*rows: dict[str, float]) -> pd.DataFrame:
    return pd.DataFrame([{f"driven_by_{name}": row.get(name, 0.0) for name in DRIVERS} for row in rows])


def test_the_true_driver_adds_most_and_enough():
    found = true_drivers(
        pictures(
            {"competitor": 2.0, "neglect": 0.6},
            {"neglect": 0.6, "competitor": -1.0},
            {"neglect": 0.3},
            {"neglect": 0.05, "complaint": -0.5},
            {"neglect": np.nan, "competitor": 2.0},
        )
    )
    assert found.tolist() == ["competitor", "neglect", "", NOTHING, ""]


def test_the_confusion_table_counts_what_is_said_where_each_driver_is_true():
    true = np.array(["neglect", "neglect", NOTHING, "competitor"])
    said = np.array(["neglect", NOTHING, NOTHING, "neglect"])
    assert confusion(true, said) == {
        "competitor": {"neglect": 1},
        "neglect": {"neglect": 1, NOTHING: 1},
        NOTHING: {NOTHING: 1},
    }


def test_recognition_is_against_how_often_a_cause_is_named_anywhere():
    true = np.repeat(["neglect", NOTHING], 50)
    said = np.concatenate([np.repeat(["neglect", NOTHING], [40, 10]), np.repeat(["neglect", NOTHING], [5, 45])])
    found = {row["driver"]: row for row in recognised(true, said, np.arange(100, dtype=np.int32), QUICK)}
    assert found["neglect"]["named"] == pytest.approx(0.8)
    assert found["neglect"]["anywhere"] == pytest.approx(0.45)
    assert found["neglect"]["difference"] == pytest.approx(0.35)
    assert 0 < found["neglect"]["low"] < 0.35 < found["neglect"]["high"]
    assert found["competitor"]["rows"] == 0


@pytest.mark.slow
def test_a_quick_run_measures_every_group_and_says_causes(capsys):
    assert main(["groups", "--quick", "--fit", "vendor", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    groups = [row["group"] for row in found["ablation"]]
    assert groups[0] == "plain counts over orders"
    assert groups[-1] == "all groups"
    assert {"relationship", "cadence", "service", "market"} <= set(groups)
    assert all(row["columns"] > 0 and row["d_auc_low"] <= row["d_auc_high"] for row in found["ablation"])
    assert sum(sum(counts.values()) for counts in found["confusion"].values()) == sum(
        row["rows"] for row in found["causes"]
    )
    assert 0 <= found["unknown_where_one_acts"] <= 1
