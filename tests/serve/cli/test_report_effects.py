"""`kqml report effects` on the log of a small pilot."""

import json
from pathlib import Path

import jsonschema_rs
import pytest
from typer.testing import CliRunner

from kqml.__main__ import create_app

SCHEMA = json.loads((Path(__file__).parents[3] / "docs" / "schemas" / "report-effects.json").read_text())


@pytest.fixture(scope="module")
def pilot(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pilot") / "data"
    size = ["--accounts", "300", "--reps", "6", "--weeks", "45", "--pilot-weeks", "20", "--pilot-share", "0.6"]
    made = CliRunner().invoke(create_app(), ["simulate", "--log", "reference", *size, "--out", str(folder)])
    assert made.exit_code == 0, made.output
    return folder


def run(*words, home):
    words = ["report", "effects", *map(str, words)]
    return CliRunner().invoke(create_app(), words, env={"KQML_HOME": str(home)})


def test_every_action_has_its_average_overlap_and_calibration(pilot, tmp_path):
    result = run(pilot, "--json", home=tmp_path)
    assert result.exit_code == 0, result.output
    report = json.loads(result.stdout)
    jsonschema_rs.validator_for(SCHEMA).validate(report)
    assert report["basis"] == "randomised"
    assert {"visit", "call"} <= {one["action"] for one in report["actions"]}
    for one in report["actions"]:
        assert one["effect"]["low"] <= one["effect"]["value"] <= one["effect"]["high"]
        assert one["share_error"] > 0
        assert sum(part["rows"] for part in one["calibration"]) <= report["rows"]
    assert report["usable"] == (report["precision"] <= report["least_precision"])
    assert not report["usable"]
    assert report["more_weeks"] > 0
    assert report["model"] is None


@pytest.mark.parametrize(("language", "words"), [("en", "do not use these effects yet"), ("zh", "暂不使用这些效果")])
def test_a_person_reads_whether_plans_use_the_effects(pilot, tmp_path, language, words):
    result = run(pilot, "--language", language, home=tmp_path)
    assert words in " ".join(result.stdout.split()).replace(" ", "" if language == "zh" else " ")


def test_a_log_without_mature_randomised_decisions_is_refused_with_what_to_do(pilot, tmp_path):
    early = tmp_path / "early"
    early.mkdir()
    import pyarrow.parquet as pq

    table = pq.read_table(pilot / "decisions.parquet")
    pq.write_table(table.slice(0, 0), early / "decisions.parquet")
    pq.write_table(pq.read_table(pilot / "decision_states.parquet").slice(0, 0), early / "decision_states.parquet")
    result = run(pilot, "--log", early, home=tmp_path)
    assert result.exit_code != 0
