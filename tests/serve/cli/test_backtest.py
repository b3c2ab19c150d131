"""`kqml backtest` from the outside: JSON by its schema, predictions, charts, tables, exit codes."""

import json
from pathlib import Path

import jsonschema_rs
import pyarrow.parquet as pq
import pytest
from small_world import write_small_world
from typer.testing import CliRunner

from kqml.__main__ import create_app
from kqml.errors import BadUse, Refused
from serve.cli.backtest import parse_gaps

SCHEMA = Path(__file__).parents[3] / "docs" / "schemas" / "backtest.json"
ASKED = ("--horizon", 42, "--gap", 7, "--every", 28)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("data") / "small"
    write_small_world(path, accounts=120, weeks=90)
    return path


@pytest.fixture(autouse=True)
def own_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("KQML_HOME", raising=False)


def run(*arguments):
    return CliRunner().invoke(create_app(), ["backtest", *map(str, arguments)], env={"COLUMNS": "100"})


def test_json_predictions_charts_and_the_ledger(folder, tmp_path):
    arguments = (folder, *ASKED, "--predictions", "out/rows.parquet", "--charts", "figures", "--json")
    first, second = run(*arguments), run(*arguments)
    assert first.exit_code == 0, first.output
    found, again = json.loads(first.stdout), json.loads(second.stdout)
    jsonschema_rs.validator_for(json.loads(SCHEMA.read_text())).validate(found)
    assert [told["test_set_usage"]["times"] for told in (found, again)] == [1, 2]
    assert found["models"] == again["models"]
    assert {row["gap"] for row in found["gaps"]} == {0, 30, 60}
    assert found["protocol"]["short"] is True
    table = pq.read_table("out/rows.parquet")
    assert len(table) == found["predictions"]["rows"] == found["models"][0]["rows"]
    names = sorted(path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.is_file())
    figures = [f"figures/{name}.svg" for name in ("calibration", "calibration_by_quarter", "churn_caught")]
    assert names == [".kqml/test_set_usage.jsonl", *figures, "out/rows.parquet"]


@pytest.mark.parametrize(("language", "words"), [("en", "still ordering"), ("zh", "仍在订货")])
def test_tables_speak_the_language_of_the_settings(folder, monkeypatch, language, words):
    monkeypatch.setenv("KQML_LANGUAGE", language)
    shown = run(folder, *ASKED, "--gaps", "")
    assert shown.exit_code == 0, shown.output
    assert words in shown.output and "kqml" in shown.output


def test_a_timeline_without_training_cutoffs_is_the_answer_no(folder):
    failed = run(folder, "--horizon", 300).exception
    assert isinstance(failed, Refused) and failed.faults


@pytest.mark.parametrize(("words", "expected"), [("0,30,60", (0, 30, 60)), ("", ()), (" 28 , 28", (28,)), ("7,", (7,))])
def test_gaps_are_days_once_each(words, expected):
    assert parse_gaps(words) == expected


def test_every_wrong_gap_is_named():
    with pytest.raises(BadUse, match=r"'-3'.*\n.*'x'"):
        parse_gaps("0,-3,x")
