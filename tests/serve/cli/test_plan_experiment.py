"""`kqml plan-experiment` from the outside."""

import json
from pathlib import Path

import jsonschema_rs
import pytest
from typer.testing import CliRunner

from kqml.__main__ import create_app
from kqml.errors import BadUse
from kqml.messages import LANGUAGES

SCHEMA = json.loads((Path(__file__).parents[3] / "docs" / "schemas" / "plan-experiment.json").read_text())
GIVEN = ["--accounts", "1000", "--reps", "20", "--mean", "100", "--sd", "80"]


def run(*words):
    found = CliRunner().invoke(create_app(), ["plan-experiment", *map(str, words), "--json"], catch_exceptions=False)
    assert found.exit_code == 0
    told = json.loads(found.stdout)
    jsonschema_rs.validator_for(SCHEMA).validate(told)
    return told


def test_given_numbers_are_planned_for_accounts_and_for_whole_reps():
    told = run(*GIVEN, "--icc", 0.1, "--correlation", 0.5, "--share", 0.2, "--detect", 0.1)
    accounts, reps = told["designs"]
    assert (accounts["design"], accounts["held_out"], accounts["treated"]) == ("accounts", 200, 800)
    assert (reps["design"], reps["held_out"], reps["treated"]) == ("reps", 4, 16)
    assert reps["detectable"] > accounts["detectable"]
    assert accounts["power_to_detect"] > reps["power_to_detect"]


def test_a_dataset_gives_the_spread_of_every_length(tmp_path):
    size = ["--accounts", "300", "--reps", "12", "--weeks", "60"]
    made = CliRunner().invoke(create_app(), ["simulate", *size, "--out", str(tmp_path / "world")])
    assert made.exit_code == 0
    told = run(tmp_path / "world", "--weeks", 13, "--weeks", 26, "--share", 0.25)
    assert [row["weeks"] for row in told["designs"]] == [13, 13, 26, 26]
    first, longer = told["designs"][0], told["designs"][2]
    assert first["correlation"] > 0.5
    assert longer["mean"] > 1.5 * first["mean"]
    assert first["power_to_detect"] is None


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ([], "--accounts: is absent"),
        ([*GIVEN, "--weeks", "4", "--weeks", "8"], "--weeks: 2 are given"),
        ([*GIVEN, "--share", "1.5"], "share: 1.5 is not between 0 and 1"),
        ([*GIVEN, "--icc", "2"], "icc: 2.0 is not valid"),
    ],
)
def test_what_cannot_be_planned_is_bad_use(words, told):
    with pytest.raises(BadUse, match=told):
        CliRunner().invoke(create_app(), ["plan-experiment", *words], catch_exceptions=False)


def test_people_read_a_table_in_both_languages():
    for language in LANGUAGES:
        words = ["plan-experiment", *GIVEN, "--detect", "0.05", "--language", language]
        found = CliRunner().invoke(create_app(), words, env={"COLUMNS": "200"})
        assert found.exit_code == 0
        assert "%" in found.output
