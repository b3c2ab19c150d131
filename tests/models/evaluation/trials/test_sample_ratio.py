"""Arms that do not have their stated shares make a trial unusable; nothing stated is said, not judged."""

import numpy as np
import pandas as pd
import pytest
from made_trials import made_trial, written

from kqml.errors import BadUse
from kqml.messages import LANGUAGES, text
from models.evaluation.trials.report import evaluate_trial, trial_report_json
from models.evaluation.trials.sample_ratio import compare_sample_ratio, parse_shares
from models.evaluation.trials.trial_file import TrialColumns, read_trial


def two_arms(none, visit, **columns):
    random = np.random.default_rng(0)
    arm = random.permutation(["none"] * none + ["visit"] * visit)
    return pd.DataFrame({"arm": arm, "margin": random.normal(50, 10, none + visit).round(2), **columns})


def ratio(frame, tmp_path, **roles):
    path = written(frame, tmp_path / "trial.csv")
    return compare_sample_ratio(read_trial(path, TrialColumns("arm", "none", "margin", **roles)))


@pytest.mark.parametrize(
    ("shares", "basis", "expected", "mismatch"),
    [
        (None, "equal", (629, 629), False),
        ({}, "shares", (629, 629), True),
        ({"none": 50.0, "visit": 50.0}, "shares", (629, 629), True),
        ({"visit": 2.0, "none": 3.0}, "shares", (754.8, 503.2), False),
    ],
)
def test_counts_are_compared_with_the_shares_of_the_design(shares, basis, expected, mismatch, tmp_path):
    found = ratio(two_arms(751, 507), tmp_path, shares=shares)
    assert (found.basis, found.units, found.mismatch) == (basis, (751, 507), mismatch)
    assert found.expected == pytest.approx(expected)


def test_the_p_value_is_that_of_chi_squared(tmp_path):
    # (122² ∕ 629) · 2 = 47.3 with one degree of freedom.
    assert ratio(two_arms(751, 507), tmp_path).p_value == pytest.approx(6.0e-12, rel=0.01)


def test_stated_probabilities_of_half_contradict_unequal_arms(tmp_path):
    found = ratio(two_arms(751, 507, p=0.5), tmp_path, probability="p")
    assert (found.basis, found.mismatch) == ("probability", True)


@pytest.mark.parametrize(("kept", "mismatch"), [(1.0, False), (0.7, True)])
def test_probabilities_that_differ_from_row_to_row_are_weighed(kept, mismatch, tmp_path):
    random = np.random.default_rng(2)
    large = random.random(4000) < 0.5
    visit = random.random(4000) < np.where(large, 0.8, 0.2)
    frame = pd.DataFrame({"arm": np.where(visit, "visit", "none"), "p": np.where(large == visit, 0.8, 0.2)})
    frame["margin"] = random.normal(0, 1, 4000)
    frame = frame[~visit | (random.random(4000) < kept)]
    assert ratio(frame, tmp_path, probability="p").mismatch == mismatch


def test_units_count_once(tmp_path):
    frame = two_arms(40, 60)
    frame = pd.concat([frame.assign(shop=[f"S{n}" for n in range(100)])] * 10)
    found = ratio(frame, tmp_path, unit="shop", shares={"none": 1.0, "visit": 1.0})
    assert (found.units, found.mismatch) == ((40, 60), False)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_mismatch_is_told_before_any_value_and_has_no_other_verdict(language, tmp_path):
    frame = made_trial("one_arm", 900)
    lost = frame["arm"].eq("call") & (np.arange(900) % 2 == 0)
    columns = TrialColumns("arm", "none", "sales", shares={"none": 1, "call": 1, "mail": 1})
    told = trial_report_json(evaluate_trial(read_trial(written(frame[~lost], tmp_path / "t.csv"), columns)), language)
    assert told["verdict"] == "invalid"
    assert told["reason"] == told["sample_ratio"]["text"]
    assert "call" in told["reason"] and str(told["sample_ratio"]["units"]["call"]) in told["reason"]
    assert text("trials.verdict.invalid", language)


@pytest.mark.parametrize(
    ("stated", "weights"),
    [
        ("", None),
        ("equal", {}),
        ("none=50%, visit = 50 %", {"none": 50.0, "visit": 50.0}),
        ("a=b=2,c=1", {"a=b": 2, "c": 1}),
    ],
)
def test_shares_are_read(stated, weights):
    assert parse_shares(stated) == weights


@pytest.mark.parametrize("stated", ["none", "none=0", "none=half", "=1", "none=nan,visit=1"])
def test_what_is_no_share_is_bad_use(stated):
    with pytest.raises(BadUse, match="is not a share – write arm=share"):
        parse_shares(stated)


@pytest.mark.parametrize(
    ("shares", "says"),
    [
        ({"none": 1, "Visit": 1}, "'Visit' is not a value of arm – did you mean 'visit'"),
        ({"none": 1}, "'visit' has no share"),
    ],
)
def test_shares_belong_to_the_arms_of_the_file(shares, says, tmp_path):
    with pytest.raises(BadUse, match=says):
        ratio(two_arms(120, 120), tmp_path, shares=shares)


@pytest.mark.parametrize("variant", ["Visit", "visit ", "VISIT", "ｖｉｓｉｔ"])
def test_arms_that_differ_only_by_spelling_are_refused_by_name(variant, tmp_path):
    frame = two_arms(300, 300)
    frame.loc[frame.index[frame["arm"] == "visit"][:150], "arm"] = variant
    with pytest.raises(BadUse, match="differ only by letter case, blanks or zeros") as raised:
        ratio(frame, tmp_path)
    assert repr(variant) in str(raised.value) and "'visit' (150 rows)" in str(raised.value)


def test_a_control_in_another_spelling_gets_the_near_match(tmp_path):
    path = written(two_arms(120, 120), tmp_path / "trial.csv")
    with pytest.raises(BadUse, match="'NONE' is not a value of arm – did you mean 'none'"):
        read_trial(path, TrialColumns("arm", "NONE", "margin"))
