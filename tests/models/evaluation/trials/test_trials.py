"""Trials of known truth get the right verdict; what cannot be a trial is refused; outcomes in disguise are named."""

import numpy as np
import pytest
from made_trials import made_trial, written

from kqml.errors import BadUse, Refused
from models.evaluation.trials.leaking_columns import find_leaking_columns
from models.evaluation.trials.report import evaluate_trial, trial_report_json
from models.evaluation.trials.trial_file import TrialColumns, read_trial

ASKED = TrialColumns("arm", "none", "sales")


def answered(frame, tmp_path, asked=ASKED, name="trial.csv", language="en"):
    return trial_report_json(evaluate_trial(read_trial(written(frame, tmp_path / name), asked)), language)


@pytest.mark.parametrize(
    ("kind", "verdict", "best"),
    [("personal", "personalise", None), ("one_arm", "best_arm", "call"), ("nothing", "no_action", None)],
)
def test_a_trial_of_known_truth_gets_its_verdict(kind, verdict, best, tmp_path):
    found = answered(made_trial(kind), tmp_path)
    assert found["verdict"] == verdict
    assert best is None or found["best"] == best
    assert list(found["static"]) == ["none", "call", "mail"]
    assert list(found["qini"]) == ["call", "mail"]


def test_personalising_is_worth_what_the_truth_says(tmp_path):
    found = answered(made_trial("personal"), tmp_path)
    beyond = found["beyond_best"]
    assert beyond["low"] < 3.0 < beyond["high"] + 0.5
    assert found["qini"]["mail"]["low"] > 0
    assert found["personalised"]["shares"]["none"] < 0.1
    lowest, highest = found["bins"]["mail"][0], found["bins"]["mail"][-1]
    assert lowest["high"] < 0 < highest["low"]


def test_nothing_learned_has_no_qini(tmp_path):
    found = answered(made_trial("nothing"), tmp_path)
    assert all(one["low"] <= 0 <= one["high"] for one in found["qini"].values())
    assert found["personalised"]["value"] == pytest.approx(found["static"]["none"]["value"], abs=0.5)


def test_stated_chances_correct_a_draw_that_depends_on_the_rows(tmp_path):
    random = np.random.default_rng(1)
    frame = made_trial("nothing", 4000)
    frame["arm"] = np.where(random.random(4000) < np.where(frame["age"] > 50, 0.8, 0.2), "call", "none")
    frame["p"] = np.where((frame["age"] > 50) == (frame["arm"] == "call"), 0.8, 0.2)
    found = answered(frame, tmp_path, TrialColumns("arm", "none", "sales", "p"))
    assert found["gains"]["call"]["low"] < 0 < found["gains"]["call"]["high"]
    assert found["warnings"] == []


def test_parquet_says_the_same_as_csv(tmp_path):
    frame = made_trial("one_arm", 900)
    assert answered(frame, tmp_path) == answered(frame, tmp_path, name="trial.parquet")


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("verdict", ["no_action", "best_arm", "same_arm", "personalise"])
def test_every_verdict_has_a_sentence(verdict, language):
    from kqml.messages import text

    words = dict.fromkeys(
        ("control", "arm", "value", "nothing", "personalised", "beyond", "low", "high", "gain", "gain_low"), "x"
    )
    assert "{" not in text(f"trials.reason.{verdict}", language, **words)


def test_outcomes_in_disguise_are_named(tmp_path):
    frame = made_trial("one_arm")
    frame["bought"] = (frame["sales"] > 32).astype(int)
    frame["profit"] = frame["sales"] * 0.2
    frame["thanked"] = np.where(frame["arm"] == "call", "yes", "no")
    trial = read_trial(written(frame, tmp_path / "trial.csv"), TrialColumns("arm", "none", "bought"))
    found = {(one.column, one.code) for one in find_leaking_columns(trial)}
    assert {("profit", "predicts_outcome"), ("thanked", "differs_by_arm"), ("sales", "decides_outcome")} <= found
    assert not {column for column, _ in found} & {"age", "town"}


def test_texts_that_look_missing_may_be_arms(tmp_path):
    frame = made_trial("one_arm", 900).replace({"arm": {"none": "NA", "call": "null"}})
    trial = read_trial(written(frame, tmp_path / "trial.csv"), TrialColumns("arm", "NA", "sales"))
    assert trial.arms == ("NA", "mail", "null")


@pytest.mark.parametrize(
    ("change", "asked", "error", "says"),
    [
        ({}, TrialColumns("arms", "none", "sales"), BadUse, "did you mean 'arm'"),
        ({}, TrialColumns("arm", "nothing", "sales"), BadUse, "'nothing' is not a value of arm"),
        ({}, TrialColumns("arm", "none", "town"), BadUse, "contains 'north'|contains 'south'"),
        ({}, TrialColumns("arm", "none", "sales", exclude=("agee",)), BadUse, "did you mean 'age'"),
        ({}, TrialColumns("arm", "none", "arm"), BadUse, "'arm' is used twice"),
        ({}, TrialColumns("arm", "none", "sales", "age"), Refused, "give the probability of the row's own arm"),
        ({}, TrialColumns("age", "20.0", "sales"), BadUse, "at most 20 arms"),
        ({"sales": ""}, ASKED, Refused, "sales: is missing in 900 rows, first in row 1"),
        ({"sales": 3}, ASKED, Refused, "is 3.0 in every row"),
        ({"arm": "none"}, ASKED, Refused, "arm: has one arm"),
        ({"arm": ["none"] * 890 + ["call"] * 10}, ASKED, Refused, "arm call: has 10 rows"),
    ],
)
def test_bad_input_is_refused_with_what_to_do(change, asked, error, says, tmp_path):
    frame = made_trial("one_arm", 900).assign(**change)
    with pytest.raises(error, match=says):
        read_trial(written(frame, tmp_path / "trial.csv"), asked)


@pytest.mark.parametrize(
    ("content", "error", "says"),
    [
        (None, BadUse, "is not a file"),
        (b"", Refused, "is not a table"),
        (b"PAR1 broken", Refused, "is not a table"),
        (b"a\xff,b\n", Refused, "UTF-8"),
    ],
)
def test_what_is_no_table_is_refused(content, error, says, tmp_path):
    path = tmp_path / "trial.csv"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(error, match=says) as raised:
        read_trial(path, ASKED)
    assert raised.value.faults


def test_columns_that_say_nothing_are_left_out(tmp_path):
    frame = made_trial("one_arm", 900).assign(country="X", name=[f"person {i}" for i in range(900)])
    found = answered(frame, tmp_path)
    assert found["columns"] == ["age", "town"]
    assert found["left_out"] == ["country", "name"]


def test_a_trial_without_descriptions_still_has_values(tmp_path):
    found = answered(made_trial("one_arm", 900)[["arm", "sales"]], tmp_path)
    assert found["verdict"] == "best_arm"
    assert found["columns"] == []
