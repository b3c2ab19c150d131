"""Rows that belong to one randomised unit stay together: in folds, in intervals, never as a feature."""

import numpy as np
import pandas as pd
import pytest
from made_trials import written

from kqml.errors import BadUse, Refused
from models.evaluation.trials.cross_fitting import cross_fit_trial
from models.evaluation.trials.encoding import encode
from models.evaluation.trials.report import evaluate_trial, trial_report_json
from models.evaluation.trials.trial_file import TrialColumns, read_trial
from models.evaluation.trials.verdict import TrialVerdict

BY_ROW = TrialColumns("arm", "none", "margin")
BY_SHOP = TrialColumns("arm", "none", "margin", unit="shop")


def weekly_trial(seed=0, shops=120, weeks=10):
    """Shops that are randomised whole, with a row for each week and no effect of any arm."""
    random = np.random.default_rng(seed)
    shop = np.repeat(np.arange(shops), weeks)
    arm = random.permutation(np.where(np.arange(shops) % 2 == 0, "visit", "none"))[shop]
    margin = random.normal(60, 20, shops)[shop] + random.normal(0, 5, shops * weeks)
    return pd.DataFrame(
        {
            "shop": [f"S{number:03}" for number in shop],
            "name": [f"Shop {number}" for number in shop],
            "week": np.tile(np.arange(weeks), shops),
            "arm": arm,
            "margin": margin.round(2),
        }
    )


def read(frame, tmp_path, columns=BY_SHOP):
    return read_trial(written(frame, tmp_path / "trial.csv"), columns)


@pytest.mark.parametrize("columns", [BY_ROW, TrialColumns("arm", "none", "margin", exclude=("shop", "name"))])
def test_repeated_ids_are_refused_until_the_unit_is_named(columns, tmp_path):
    with pytest.raises(Refused, match=r"shop: 120 of its 120 values have several rows, all in one arm.*--unit shop"):
        read(weekly_trial(), tmp_path, columns)


def test_numeric_ids_and_a_few_wrong_rows_are_found_too(tmp_path):
    frame = weekly_trial().drop(columns="name")
    frame["shop"] = frame["shop"].str[1:].astype(int) + 1000
    frame.loc[3, "arm"] = "none" if frame.loc[3, "arm"] == "visit" else "visit"
    with pytest.raises(Refused, match="--unit shop"):
        read(frame, tmp_path, BY_ROW)


def test_a_coarser_unit_than_the_named_one_is_refused(tmp_path):
    frame = weekly_trial()
    arms = frame.drop_duplicates("shop").set_index("shop")["arm"]
    order = {shop: number for arm in ("none", "visit") for number, shop in enumerate(arms.index[arms == arm])}
    frame["rep"] = [f"{arm}-{order[shop] // 6}" for shop, arm in zip(frame["shop"], frame["arm"], strict=True)]
    with pytest.raises(Refused, match=r"rep: 20 of its 20 values") as raised:
        read(frame, tmp_path)
    assert [fault.where for fault in raised.value.faults] == ["rep"]


def test_rows_that_are_randomised_one_by_one_may_repeat_a_value(tmp_path):
    frame = weekly_trial()
    frame["arm"] = np.random.default_rng(5).permutation(frame["arm"].to_numpy())
    assert read(frame, tmp_path, BY_ROW).units == len(frame)


def test_columns_of_one_arm_alone_are_no_units(tmp_path):
    frame = weekly_trial().drop(columns=["shop", "name"])
    frame["arm"] = np.random.default_rng(5).permutation(frame["arm"].to_numpy())
    visited = np.random.default_rng(6).integers(0, 30, len(frame)).astype(str)
    frame["visited_on"] = np.where(frame["arm"] == "visit", visited, "")
    assert read(frame, tmp_path, BY_ROW).units == len(frame)


def test_folds_keep_a_unit_whole_and_no_learner_sees_it(tmp_path):
    trial = read(weekly_trial(), tmp_path)
    assert trial.units == 120
    assert list(trial.columns) == ["name", "week"]
    encoded = encode(trial.columns, trial.units)
    assert encoded.used == ("week",) and encoded.left_out == ("name",)
    fold = cross_fit_trial(trial, encoded.values).fold
    assert pd.Series(fold).groupby(trial.unit).nunique().max() == 1


def test_whole_units_without_an_effect_give_no_effect_and_intervals_of_units(tmp_path):
    answer = evaluate_trial(read(weekly_trial(), tmp_path))
    assert answer.verdict is TrialVerdict.NO_ACTION
    assert answer.suspicions == ()
    # Standard deviation 20 between 60 shops; rows taken as independent would give a third of it.
    low, high = answer.values.static[0].bounds()
    assert (high - low) / 2 > 1.96 * 20 / np.sqrt(60) * 0.8
    told = trial_report_json(answer, "en")
    assert (told["rows"], told["units"], sum(told["sample_ratio"]["units"].values())) == (1200, 120, 120)


@pytest.mark.parametrize(
    ("change", "columns", "error", "says"),
    [
        ({}, TrialColumns("arm", "none", "margin", unit="shops"), BadUse, "--unit: 'shops' is not a column.*'shop'"),
        ({}, TrialColumns("arm", "none", "margin", unit="arm"), BadUse, "'arm' is used twice"),
        ({"shop": ""}, BY_SHOP, Refused, "shop: is missing in 1200 rows"),
        ({"shop": np.arange(1200) % 9}, BY_SHOP, Refused, "has 9 units of shop – provide at least 10"),
    ],
)
def test_a_unit_that_is_none_is_refused(change, columns, error, says, tmp_path):
    with pytest.raises(error, match=says):
        read(weekly_trial().assign(**change), tmp_path, columns)


def test_blanks_around_an_id_do_not_make_another_unit(tmp_path):
    frame = weekly_trial()
    frame.loc[::2, "shop"] = frame.loc[::2, "shop"] + " "
    assert read(frame, tmp_path).units == 120
